//! One short process of one bench executable: what it is asked for, what it gives, and what holds for all of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::effort::Effort;
use crate::criterion;
use crate::files::baseline::Measured;
use crate::measure::cargo::BenchTarget;
use crate::measure::process::{self, Ended, Interrupt, Limits};
use crate::measure::run::{ANNOUNCEMENT, Processor};
use crate::model::benchmark::Benchmark;
use crate::model::error::Error;
use crate::model::filter::escape;

/// The mode that benches measure in, where they know one: many short runs say more than few long ones.
pub(crate) const MODE: &str = "quick";

/// How many times as long as it took before a process may take before it counts as hanging.
const PATIENCE: f64 = 10.0;

/// What it may take in any case.
const LEAST: Duration = Duration::from_secs(30);

/// What holds for every process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessContext<'a> {
    /// Where it keeps its files.
    pub(crate) scratch: &'a Path,
    pub(crate) interrupt: &'a Interrupt,
    /// The processor that each process is pinned to, if any.
    pub(crate) processor: Option<Processor>,
    /// When the time is up.
    pub(crate) deadline: Instant,
}

impl ProcessContext<'_> {
    /// The limits of a process that took `expected` before: one that takes much longer hangs. One of which nothing is
    /// known may take until the time is up.
    fn limits(&self, expected: Option<Duration>) -> Limits {
        let now = Instant::now();
        let until = match expected {
            Some(expected) => now + expected.mul_f64(PATIENCE) + LEAST,
            None => self.deadline.max(now + LEAST),
        };
        Limits { processor: self.processor, until: Some(until) }
    }

    /// A folder for the files of one process.
    fn folder(&self) -> Result<TempDir, Error> {
        tempfile::tempdir_in(self.scratch).map_err(Error::io("write into", self.scratch))
    }
}

/// What one process is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessRun<'a> {
    pub(crate) target: &'a BenchTarget,
    /// The benchmarks that it is to measure; `None` where it is not known to heed a filter.
    pub(crate) ids: Option<&'a [&'a str]>,
    /// How long; `None` where it is not known to heed Criterion's options.
    pub(crate) effort: Option<Effort>,
}

/// What one process gave.
#[derive(Debug)]
pub(crate) struct ProcessResult {
    /// Its results, by id.
    pub(crate) readings: BTreeMap<String, Reading>,
    /// From its start to its end.
    pub(crate) elapsed: Duration,
    /// When it announced each benchmark, counted from its start, in order.
    pub(crate) announced: Vec<(String, Duration)>,
}

/// What one process measured for one benchmark.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) measured: Measured,
    /// The variance of the logarithms of its samples.
    pub(crate) variance: f64,
}

/// How a process failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessFailure {
    pub(crate) reason: String,
    /// All that it printed.
    pub(crate) output: Vec<String>,
}

impl ProcessRun<'_> {
    /// Runs the process, which took `expected` before. Its Criterion home and its temporary files are gone afterwards.
    pub(crate) fn run(
        &self,
        context: &ProcessContext<'_>,
        expected: Option<Duration>,
    ) -> Result<Result<ProcessResult, ProcessFailure>, Error> {
        let folder = context.folder()?;
        let (home, started, mut announced) = (folder.path().join("home"), Instant::now(), Vec::new());
        let mut command = self.command(folder.path(), &home)?;
        let ended =
            process::run_within(&mut command, context.limits(expected), context.interrupt, &mut |line| {
                record_announcement(&mut announced, line, started);
            })?;
        let elapsed = started.elapsed();
        Ok(readings(&home, &ended).map(|readings| ProcessResult { readings, elapsed, announced }))
    }

    fn command(&self, folder: &Path, home: &Path) -> Result<Command, Error> {
        let mut command = command_in(folder, self.target)?;
        command.env("CRITERION_HOME", home);
        command.args(self.effort.iter().flat_map(Effort::arguments));
        command.args(self.ids.map(pattern));
        Ok(command)
    }
}

/// What `target` prints when it is asked for its benchmarks. One that does not know the question may run them instead.
pub(crate) fn list(target: &BenchTarget, context: &ProcessContext<'_>) -> Result<(Ended, Duration), Error> {
    let folder = context.folder()?;
    let mut command = command_in(folder.path(), target)?;
    command.arg("--list").env("CRITERION_HOME", folder.path().join("home"));
    let started = Instant::now();
    let ended = process::run_within(&mut command, context.limits(None), context.interrupt, &mut |_| {})?;
    Ok((ended, started.elapsed()))
}

fn command_in(folder: &Path, target: &BenchTarget) -> Result<Command, Error> {
    let temporary = folder.join("tmp");
    std::fs::create_dir(&temporary).map_err(Error::io("make the folder", &temporary))?;
    let mut command = target.command();
    command.env("TMPDIR", temporary).env("BENCH_MODE", MODE);
    Ok(command)
}

/// The filter by which Criterion runs these benchmarks and no others: a regular expression.
fn pattern(ids: &[&str]) -> String {
    let escaped: Vec<String> = ids.iter().map(|id| escape(id)).collect();
    format!("^(?:{})$", escaped.join("|"))
}

fn record_announcement(announced: &mut Vec<(String, Duration)>, line: &str, started: Instant) {
    let id = line.trim().strip_prefix(ANNOUNCEMENT).and_then(|rest| rest.split(": ").next());
    let is_new = |id: &&str| announced.last().is_none_or(|(last, _)| last != id);
    let new = id.filter(is_new).map(|id| (id.to_owned(), started.elapsed()));
    announced.extend(new);
}

/// What the process saved. A process that ended badly has no results, whatever it saved before.
fn readings(home: &Path, ended: &Ended) -> Result<BTreeMap<String, Reading>, ProcessFailure> {
    let failure = |reason: String| ProcessFailure { reason, output: ended.output.clone() };
    if let Some(reason) = &ended.failure {
        return Err(failure(reason.clone()));
    }
    let benchmarks = match criterion::load(home, criterion::LATEST) {
        Err(Error::NoHome { .. } | Error::EmptyHome { .. }) => {
            return Err(failure("it saved no Criterion result".to_owned()));
        }
        loaded => loaded.map_err(|error| failure(error.message()))?,
    };
    Ok(benchmarks.into_iter().map(|benchmark| (benchmark.id.clone(), Reading::of(&benchmark))).collect())
}

impl Reading {
    fn of(benchmark: &Benchmark) -> Self {
        let samples = benchmark.samples.sorted_per_iteration();
        let logs: Vec<f64> = samples.into_iter().map(f64::ln).collect();
        Self { measured: Measured::of(benchmark), variance: variance(&logs) }
    }
}

impl ProcessResult {
    /// What each benchmark took, from its announcement to the next; all alike, where none was announced.
    pub(crate) fn spans(&self) -> Vec<(&str, Duration)> {
        let ends = self.announced.iter().skip(1).map(|(_, at)| *at).chain([self.elapsed]);
        let announced = self.announced.iter().zip(ends);
        let known: Vec<_> = announced.map(|((id, at), end)| (id.as_str(), end.saturating_sub(*at))).collect();
        if known.is_empty() {
            let share = self.elapsed.div_f64(self.readings.len().max(1) as f64);
            return self.readings.keys().map(|id| (id.as_str(), share)).collect();
        }
        known
    }

    /// This result, if it holds a reading for each of `ids`: Criterion drops what it cannot store.
    pub(crate) fn complete(self, ids: &[&str]) -> Result<Self, ProcessFailure> {
        let Some(id) = ids.iter().find(|id| !self.readings.contains_key(**id)) else { return Ok(self) };
        let reason = format!("it saved no Criterion result for `{id}`");
        Err(ProcessFailure { reason, output: Vec::new() })
    }
}

/// The sample variance; zero of fewer than two.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / values.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_recorded_once_each() {
        let (mut announced, started) = (Vec::new(), Instant::now());
        let lines = [
            "Benchmarking a/b",
            "Benchmarking a/b: Warming up for 1.0 s",
            "a/b  time: [1 2 3]",
            "Benchmarking a/c",
        ];
        lines.iter().for_each(|line| record_announcement(&mut announced, line, started));
        assert_eq!(announced.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a/b", "a/c"]);
    }

    #[test]
    fn spans_reach_from_an_announcement_to_the_next() {
        let seconds = Duration::from_secs;
        let announced = vec![("a".to_owned(), seconds(1)), ("b".to_owned(), seconds(3))];
        let result = ProcessResult { readings: BTreeMap::new(), elapsed: seconds(10), announced };
        assert_eq!(result.spans(), [("a", seconds(2)), ("b", seconds(7))]);
    }

    #[test]
    fn a_pattern_escapes_the_characters_of_regular_expressions() {
        assert_eq!(pattern(&["a/b"]), "^(?:a/b)$");
        assert_eq!(pattern(&["a+(b)", r"c\d", "é.[x]"]), r"^(?:a\+\(b\)|c\\d|é\.\[x\])$");
    }

    #[test]
    fn a_variance_is_that_of_a_sample() {
        assert!((variance(&[1.0, 3.0]) - 2.0).abs() < 1e-12);
        assert!(variance(&[5.0]).abs() < 1e-12 && variance(&[]).abs() < 1e-12);
    }

    #[test]
    fn a_process_that_is_known_to_be_short_may_not_take_the_whole_budget() {
        let interrupt = Interrupt::default();
        let (scratch, deadline) = (Path::new("/tmp"), Instant::now() + Duration::from_mins(10));
        let context = ProcessContext { scratch, interrupt: &interrupt, processor: None, deadline };
        let until = |expected| context.limits(expected).until.expect("a limit");
        assert!(
            until(None) == deadline
                && until(Some(Duration::from_secs(1))) + Duration::from_mins(5) < deadline
        );
        let late = ProcessContext { deadline: Instant::now(), ..context }.limits(None);
        assert!(late.until > Some(Instant::now() + LEAST / 2));
    }
}
