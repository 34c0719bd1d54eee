//! How fast 1,000 benchmarks of 20 runs on either side are compared: the statistics alone, and `bench-gate compare` with
//! all that it reads, 40 Criterion homes of 1,000 results with 100 samples each.
//!
//! ```text
//! cargo build --release && cargo run --release -p validation --example compare_speed
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bench_gate::stats::{Contrast, MARGIN, Settings, Values, compare};
use bench_gate::thresholds::Better;

const ROWS: usize = 1_000;
const RUNS: usize = 20;
const ROUNDS: usize = 15;
const SAMPLES: usize = 100;

/// A run's value: a millisecond, within two percent (Weyl's sequence, which looks like noise and repeats nothing).
fn value(row: usize, side: usize, run: usize) -> f64 {
    let place = (row * 2 + side) as f64 * 0.754_877_666 + run as f64 * 0.618_033_989;
    1e6 * (1.0 + 0.02 * (place.fract() - 0.5))
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{ROWS} rows x {RUNS} runs on either side, median of {ROUNDS} rounds:");
    println!("  statistics alone    {:>8.1} ms", median_of(|| statistics().map_err(Into::into))?);
    let folder = tempfile::tempdir()?;
    ["base", "head"].iter().enumerate().try_for_each(|(at, side)| write_homes(folder.path(), side, at))?;
    let bench_gate = bench_gate()?;
    println!("  bench-gate compare  {:>8.1} ms", median_of(|| verb(&bench_gate, folder.path()))?);
    Ok(())
}

/// Compares values that are there already.
fn statistics() -> Result<(), bench_gate::Error> {
    let runs = |row, side| (0..RUNS).map(|run| value(row, side, run)).collect();
    let contrast = |row| Contrast {
        id: format!("group/{row}"),
        better: Better::Lower,
        margin: MARGIN,
        values: Values::Paired { base: runs(row, 0), head: runs(row, 1) },
    };
    let contrasts: Vec<Contrast> = (0..ROWS).map(contrast).collect();
    compare(&contrasts, &Settings::default()).map(drop)
}

/// `bench-gate compare` on all homes of `folder`. That rows are inconclusive is no failure.
fn verb(bench_gate: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(bench_gate);
    command.arg("compare").arg("--paired").current_dir(folder).stdout(Stdio::null());
    for (side, run) in ["base", "head"].iter().flat_map(|side| (0..RUNS).map(move |run| (side, run))) {
        command.arg(format!("--{side}")).arg(format!("{side}{run}"));
    }
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("bench-gate compare: {status}").into()) }
}

fn median_of(mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    work()?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        work()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// The release binary, built beside this example.
fn bench_gate() -> Result<PathBuf, Box<dyn Error>> {
    let example = std::env::current_exe()?;
    let folder =
        example.parent().and_then(Path::parent).ok_or("an example lies in target/release/examples")?;
    let binary = folder.join("bench-gate");
    binary.is_file().then_some(binary).ok_or_else(|| "build it first: cargo build --release".into())
}

fn write_homes(folder: &Path, side: &str, number: usize) -> std::io::Result<()> {
    let mut all = (0..RUNS).flat_map(|run| (0..ROWS).map(move |row| (run, row)));
    all.try_for_each(|(run, row)| {
        let id = format!("group_{}/function_{row}", row / 100);
        let result = folder.join(format!("{side}{run}")).join(&id).join("new");
        write_result(&result, &id, value(row, number, run))
    })
}

/// A result as Criterion leaves it.
fn write_result(folder: &Path, id: &str, value: f64) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("benchmark.json"), format!(r#"{{"full_id":"{id}","throughput":null}}"#))?;
    fs::write(folder.join("estimates.json"), estimates(value))?;
    fs::write(folder.join("sample.json"), samples(value))
}

fn estimates(value: f64) -> String {
    let (lower, upper) = (value * 0.99, value * 1.01);
    let interval = format!(r#"{{"confidence_level":0.95,"lower_bound":{lower},"upper_bound":{upper}}}"#);
    let estimate =
        format!(r#"{{"confidence_interval":{interval},"point_estimate":{value},"standard_error":1.5}}"#);
    let of = |name: &str| format!(r#""{name}":{estimate}"#);
    format!("{{{}}}", ["mean", "median", "median_abs_dev", "slope", "std_dev"].map(of).join(","))
}

fn samples(value: f64) -> String {
    let list = |of: &dyn Fn(usize) -> f64| {
        (1..=SAMPLES).map(|at| format!("{:.1}", of(at))).collect::<Vec<_>>().join(",")
    };
    let (iterations, times) = (list(&|at| at as f64), list(&|at| at as f64 * value));
    format!(r#"{{"sampling_mode":"Linear","iters":[{iterations}],"times":[{times}]}}"#)
}
