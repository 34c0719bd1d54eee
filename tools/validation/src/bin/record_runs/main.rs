//! Records runs of the `sensitivity` bench, by which the statistics of the gate are chosen and proven: processes of one
//! binary in turns, as arms A and B without a slow-down and arm C with one, each in a Criterion home of its own.
//!
//! ```text
//! cargo build --release -p validation --bin record_runs --bench sensitivity
//! bench=$(cargo bench -p validation --bench sensitivity --no-run 2>&1 | sed -n 's/.*(\(.*\))/\1/p')
//! target/release/record_runs --bench $bench --suite 1 --arms ABC --out suite-1.csv
//! ```
//!
//! A suite is a number of blocks, and a block has one run of each arm. Their order is random, and every other block has
//! the reverse of the one before, so that a drift of the machine falls on all arms alike. The order depends on the seed
//! and the suite's number alone.

mod load;
mod options;
mod order;
mod process;
mod series;

use std::error::Error;

use clap::Parser;

use load::Load;
use options::Options;
use process::Bench;
use series::Series;

/// Anything that ends the recording; what was recorded of the suite is then not written.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(&options, folder.path());
    let _load = Load::start(options.load, options.suite);
    let series = record(&options, &bench)?;
    bench_gate::files::store::write(&options.out, series.text(&options).as_bytes())?;
    Ok(())
}

fn record(options: &Options, bench: &Bench<'_>) -> Result<Series, Failure> {
    let mut series = Series::default();
    for (block, arms) in (0..options.blocks).zip(order::blocks(&options.arms, options.seed, options.suite)) {
        for arm in arms {
            series.add(arm, &bench.run(arm, block)?);
        }
    }
    Ok(series)
}
