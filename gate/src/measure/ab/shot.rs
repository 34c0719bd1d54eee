//! One short process of one bench binary: what it is asked for, and what it gives.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::effort::Effort;
use super::listing;
use super::surroundings::Surroundings;
use crate::criterion;
use crate::files::baseline::Measured;
use crate::measure::run::child::{self, Ended};
use crate::measure::run::{ANNOUNCEMENT, BenchBinary};
use crate::model::benchmark::Benchmark;
use crate::model::error::Error;

/// The mode that benches measure in, where they know one: many short runs say more than few long ones.
pub const MODE: &str = "quick";

/// What one process is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Shot<'a> {
    /// The binary.
    pub binary: &'a BenchBinary,
    /// The benchmarks that it is to measure; `None` where it is not known to heed a filter.
    pub ids: Option<&'a [&'a str]>,
    /// How long; `None` where it is not known to heed Criterion's options.
    pub effort: Option<Effort>,
}

/// What one process gave.
#[derive(Debug)]
pub struct Hit {
    /// Its results, by id.
    pub readings: BTreeMap<String, Reading>,
    /// From its start to its end.
    pub elapsed: Duration,
    /// When it announced each benchmark, counted from its start, in order.
    pub announced: Vec<(String, Duration)>,
}

/// What one process measured for one benchmark.
#[derive(Debug)]
pub struct Reading {
    /// Its numbers.
    pub measured: Measured,
    /// The variance of the logarithms of its samples.
    pub variance: f64,
}

/// How a process failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Why.
    pub reason: String,
    /// All that it printed.
    pub output: Vec<String>,
}

impl Shot<'_> {
    /// Runs the process, which took `expected` before, with a Criterion home and a folder for temporary files of its own,
    /// which are gone when it has ended.
    ///
    /// # Errors
    /// A folder cannot be made, or a signal interrupted; no process is left then.
    pub fn fire(
        &self,
        surroundings: &Surroundings<'_>,
        expected: Option<Duration>,
    ) -> Result<Result<Hit, Miss>, Error> {
        let folder = folder(surroundings)?;
        let (home, started) = (folder.path().join("home"), Instant::now());
        let mut announced = Vec::new();
        let (mut command, limits) = (self.command(folder.path(), &home)?, surroundings.limits(expected));
        let ended = child::run_within(&mut command, limits, surroundings.interrupt, &mut |line| {
            note(&mut announced, line, started);
        })?;
        let elapsed = started.elapsed();
        Ok(results(&home, &ended).map(|readings| Hit { readings, elapsed, announced }))
    }

    fn command(&self, folder: &Path, home: &Path) -> Result<Command, Error> {
        let mut command = bare(self.binary, folder)?;
        command.env("CRITERION_HOME", home);
        command.args(self.effort.iter().flat_map(Effort::arguments));
        command.args(self.ids.map(listing::pattern));
        Ok(command)
    }
}

/// What `binary` prints when it is asked for its benchmarks. One that does not know the question may run them instead.
///
/// # Errors
/// As [`Shot::fire`].
pub fn list(binary: &BenchBinary, surroundings: &Surroundings<'_>) -> Result<(Ended, Duration), Error> {
    let folder = folder(surroundings)?;
    let mut command = bare(binary, folder.path())?;
    command.arg("--list").env("CRITERION_HOME", folder.path().join("home"));
    let started = Instant::now();
    let ended =
        child::run_within(&mut command, surroundings.limits(None), surroundings.interrupt, &mut |_| {})?;
    Ok((ended, started.elapsed()))
}

fn folder(surroundings: &Surroundings<'_>) -> Result<TempDir, Error> {
    tempfile::tempdir_in(surroundings.scratch).map_err(Error::io("write into", surroundings.scratch))
}

fn bare(binary: &BenchBinary, folder: &Path) -> Result<Command, Error> {
    let temporary = folder.join("tmp");
    std::fs::create_dir(&temporary).map_err(Error::io("make the folder", &temporary))?;
    let mut command = Command::new(&binary.executable);
    command.arg("--bench").current_dir(&binary.package).env("TMPDIR", temporary).env("BENCH_MODE", MODE);
    Ok(command)
}

fn note(announced: &mut Vec<(String, Duration)>, line: &str, started: Instant) {
    let id = line.trim().strip_prefix(ANNOUNCEMENT).and_then(|rest| rest.split(": ").next());
    let is_new = |id: &&str| announced.last().is_none_or(|(last, _)| last != id);
    let new = id.filter(is_new).map(|id| (id.to_owned(), started.elapsed()));
    announced.extend(new);
}

/// What the process saved. A process that ended badly has no results, whatever it saved before.
fn results(home: &Path, ended: &Ended) -> Result<BTreeMap<String, Reading>, Miss> {
    let miss = |reason: String| Miss { reason, output: ended.output.clone() };
    if let Some(reason) = &ended.failure {
        return Err(miss(reason.clone()));
    }
    let benchmarks = match criterion::load(home, criterion::LATEST) {
        Err(Error::NoHome { .. } | Error::EmptyHome { .. }) => {
            return Err(miss("it saved no Criterion result".to_owned()));
        }
        loaded => loaded.map_err(|error| miss(error.to_string()))?,
    };
    let readings =
        benchmarks.into_iter().map(|benchmark| Ok((benchmark.id.clone(), Reading::of(&benchmark)?)));
    readings.collect::<Result<_, Error>>().map_err(|error| miss(error.to_string()))
}

impl Reading {
    fn of(benchmark: &Benchmark) -> Result<Self, Error> {
        let samples = criterion::samples(benchmark)?.sorted_per_iteration();
        let logs: Vec<f64> = samples.into_iter().map(f64::ln).collect();
        Ok(Self { measured: Measured::of(benchmark), variance: variance(&logs) })
    }
}

/// The sample variance; zero of fewer than two.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / values.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_noted_once_each() {
        let (mut announced, started) = (Vec::new(), Instant::now());
        let lines = [
            "Benchmarking a/b",
            "Benchmarking a/b: Warming up for 1.0 s",
            "a/b  time: [1 2 3]",
            "Benchmarking a/c",
        ];
        lines.iter().for_each(|line| note(&mut announced, line, started));
        assert_eq!(announced.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a/b", "a/c"]);
    }

    #[test]
    fn a_variance_is_that_of_a_sample() {
        assert!((variance(&[1.0, 3.0]) - 2.0).abs() < 1e-12);
        assert!(variance(&[5.0]).abs() < 1e-12 && variance(&[]).abs() < 1e-12);
    }
}
