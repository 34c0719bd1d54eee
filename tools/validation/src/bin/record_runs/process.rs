//! One run: a process for each class of rows, in a Criterion home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bench_gate::{Benchmark, criterion};
use validation::sensitivity::SLOWDOWN_VARIABLE;

use super::Failure;
use super::options::{Class, Options, Times};

/// A row of one run.
pub struct Row {
    pub id: String,
    p10: f64,
    median: f64,
}

impl Row {
    /// What the gate could judge, by name, in nanoseconds an iteration.
    pub fn statistics(&self) -> Vec<(&'static str, f64)> {
        let median = self.id.starts_with("io/").then_some(("median", self.median));
        [("p10", self.p10)].into_iter().chain(median).collect()
    }
}

/// One run.
pub struct Run {
    pub rows: Vec<Row>,
    /// How long each process took.
    pub took: Vec<(Class, Duration)>,
}

/// The bench, and where its homes are.
pub struct Bench<'a> {
    options: &'a Options,
    folder: &'a Path,
}

impl<'a> Bench<'a> {
    /// Homes are in `folder`, unless they are to be kept elsewhere.
    pub fn new(options: &'a Options, folder: &'a Path) -> Self {
        Self { options, folder }
    }

    /// Runs the bench as `arm` of a block.
    pub fn run(&self, arm: char, block: u32) -> Result<Run, Failure> {
        let home = self.home(arm, block);
        let time = |class| Ok((class, self.measure(class, arm, &home)?));
        let took = self.options.classes().into_iter().map(time).collect::<Result<_, Failure>>()?;
        let rows = criterion::load(&home, criterion::LATEST)?.iter().map(row).collect();
        if self.options.keep.is_none() {
            std::fs::remove_dir_all(&home)?;
        }
        Ok(Run { rows, took })
    }

    fn home(&self, arm: char, block: u32) -> PathBuf {
        self.options.keep.as_deref().unwrap_or(self.folder).join(format!("{arm}-{block}"))
    }

    fn measure(&self, class: Class, arm: char, home: &Path) -> Result<Duration, Failure> {
        let started = Instant::now();
        let output =
            self.command(class, arm, home).output().map_err(|error| self.failed(&error.to_string()))?;
        let took = started.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            Ok(took)
        } else {
            Err(self.failed(&format!("{}\n{said}", output.status)))
        }
    }

    fn command(&self, class: Class, arm: char, home: &Path) -> Command {
        let slowdown = self.options.slowdown(class, arm).to_string();
        let mut command = Command::new(&self.options.bench);
        command.arg("--bench").arg(format!("^sensitivity/{}/", class.name()));
        command.args(effort(self.options.times(class)));
        command.env("CRITERION_HOME", home).env(SLOWDOWN_VARIABLE, slowdown);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn failed(&self, problem: &str) -> Failure {
        let bench = self.options.bench.display();
        format!("{bench}: {problem}; give the bench that `cargo bench -p validation --no-run` built").into()
    }
}

/// As short as Criterion takes it: the spread is between processes, so that many short ones tell more.
fn effort(times: Times) -> Vec<String> {
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    let fixed = ["--noplot", "--sample-size", "10", "--nresamples", "1001"].map(str::to_owned);
    let warm_up = ["--warm-up-time".to_owned(), seconds(times.warm_up)];
    let measurement = ["--measurement-time".to_owned(), seconds(times.measurement)];
    [&fixed[..], &warm_up, &measurement].concat()
}

fn row(benchmark: &Benchmark) -> Row {
    let id = benchmark.id.trim_start_matches("sensitivity/").to_owned();
    Row { id, p10: benchmark.p10, median: benchmark.estimates.median.point }
}
