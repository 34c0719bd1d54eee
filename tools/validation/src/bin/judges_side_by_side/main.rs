//! Four judges on the same recorded runs: Criterion's own verdict, critcmp, perfgate's paired test, and `bench-gate
//! compare`. How often is each wrong about runs of one binary, and how many slow-downs does it find?
//!
//! ```text
//! cargo install critcmp perfgate-cli
//! for suite in $(seq 10); do
//!   record_runs --bench $bench --suite $suite --arms ABC --keep kept/short-$suite --out kept/short-$suite.csv
//!   record_runs --bench $bench --suite $suite --arms ABC --blocks 1 --cpu 12,36 --io 12,36 \
//!     --keep kept/long-$suite --out kept/long-$suite.csv
//! done
//! judges_side_by_side $bench bench-gate kept
//! ```
//!
//! `short-*` has twelve runs of each arm, `long-*` one run that measures as long as the twelve together. Criterion and
//! critcmp compare one run with one run: each short one with its partner, and the long ones. perfgate and bench-gate
//! compare the twelve pairs. perfgate measures commands, so it is given commands that take the recorded times.

mod critcmp;
mod criterion;
mod homes;
mod ours;
mod perfgate;
mod tally;

use std::error::Error;
use std::path::{Path, PathBuf};

use homes::Suite;
use tally::{Compared, Tally};

type Failure = Box<dyn Error + Send + Sync>;

/// The slow-downs of arm C are found by these arms' comparisons with A.
const HEADS: [char; 2] = ['B', 'C'];

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match &arguments[..] {
        [replay, file] if replay == Path::new("replay") => perfgate::replay(file),
        [bench, gate, folder] => compare(bench, gate, folder),
        _ => Err("give the built bench, the built bench-gate and the folder with the kept homes".into()),
    }
}

fn compare(bench: &Path, gate: &Path, folder: &Path) -> Result<(), Failure> {
    let (short, long) = (homes::suites(folder, "short-")?, homes::suites(folder, "long-")?);
    println!("{}", tally::HEADING);
    for (suites, runs) in [(&short, "one short run"), (&long, "one long run")] {
        print("Criterion", runs, suites, |suite, head| criterion::judge(bench, suite, head))?;
        print("critcmp, 5 %", runs, suites, critcmp::judge)?;
    }
    print("perfgate paired, 2 %", "12 short pairs", &short, perfgate::judge)?;
    print("bench-gate compare, 2 %", "12 short pairs", &short, |suite, head| ours::judge(gate, suite, head))
}

fn print(
    judge: &str,
    runs: &str,
    suites: &[Suite],
    verdicts: impl Fn(&Suite, char) -> Result<Vec<Compared>, Failure>,
) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for suite in suites {
        for head in HEADS {
            tally.add(head, &verdicts(suite, head)?);
        }
    }
    println!("{}", tally.line(judge, runs));
    Ok(())
}
