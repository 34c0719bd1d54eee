//! One run of the bench targets of a Cargo project, each in a process and a Criterion home of its own.
//!
//! The homes of the targets are in the home of the run, which is fresh unless one is named, so that nothing stale is
//! judged. A record in it says what ran, when, and how it ended. What to build is cargo's business ([`super::cargo`]).

mod home;
pub mod progress;
pub mod record;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use super::cargo::{self, BenchTarget, BuiltTargets, LeftOut};
use super::process::{self, Ended, Interrupt, Limits};
use crate::criterion;
use crate::files::temporary;
use crate::judge::Failure;
use crate::metadata::EngineMetadata;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::filter::IdFilter;
use crate::report::CategoryTime;
use progress::Progress;
use record::RunRecord;

pub use super::processor::Processor;
pub use home::Home;
pub use progress::ANNOUNCEMENT;

/// How many of a failed category's last lines are kept.
const KEPT_LINES: usize = 20;

/// The variable that names the folder for ephemeral servers.
const SERVERS: &str = "BENCH_SERVERS";

/// What a bench ends with that was told something which cannot be meant: nothing is judged then.
const BAD_INPUT: i32 = 2;

/// Why a bench that ended well has failed.
const NOTHING_SAVED: &str = "it saved no Criterion result";

/// How libtest ends what it prints.
const LIBTEST: &str = "test result: ";

/// What to run.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The bench targets.
    pub built: &'a BuiltTargets,
    /// What each of them is told behind cargo's own arguments.
    pub arguments: &'a [OsString],
    /// The benchmarks to measure; `None` for all.
    pub filter: Option<&'a IdFilter>,
    /// Where it is run, with the mode (`quick` or `full`), which is handed on as `BENCH_MODE`.
    pub environment: &'a Environment,
    /// Engines that the benches must not do without, handed on as `BENCH_REQUIRE`.
    pub required: &'a [String],
    /// Whether load may go to another machine, handed on as `BENCH_TARGET_IS_MINE`.
    pub target_is_mine: bool,
    /// Whether a bench target that is left out has failed.
    pub require_all: bool,
    /// The time that each of them has.
    pub timeout: Duration,
    /// The Criterion home to fill.
    pub home: &'a Path,
    /// Where the benches keep what is temporary: gone with its owner, also if they are killed.
    pub scratch: &'a Path,
}

/// How it went.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// How long each target took.
    pub times: Vec<CategoryTime>,
    /// Those that could not run to their end.
    pub failures: Vec<Failure>,
    /// Those that turned out to be no Criterion benches.
    pub left_out: Vec<LeftOut>,
    /// What the reader should know of them.
    pub notes: Vec<String>,
}

/// What a process of a bench target came to.
enum Finding {
    Measured,
    Failed(String),
    LeftOut(String),
}

/// Runs the benches of `plan`, and leaves a [`RunRecord`] in its home.
///
/// A target that fails is an entry in the outcome, not an error: the others run all the same.
///
/// # Errors
/// The home cannot be written to, a bench refuses its input, or a signal interrupted; no process is left then.
pub fn run(plan: &Plan<'_>, interrupt: &Interrupt, progress: &mut Progress<'_>) -> Result<RunOutcome, Error> {
    let mut record = RunRecord::of_targets(plan.environment.clone(), plan.built);
    record.write(plan.home)?;
    let mut outcome = RunOutcome { left_out: plan.built.left_out.clone(), ..RunOutcome::default() };
    for target in &plan.built.targets {
        run_target(plan, target, interrupt, progress, &mut outcome)?;
    }
    let required = outcome.left_out.iter().filter(|_| plan.require_all).map(LeftOut::as_failure);
    outcome.failures.extend(required);
    record.end(&outcome.failures, &outcome.left_out).write(plan.home).map(|()| outcome)
}

fn run_target(
    plan: &Plan<'_>,
    target: &BenchTarget,
    interrupt: &Interrupt,
    progress: &mut Progress<'_>,
    outcome: &mut RunOutcome,
) -> Result<(), Error> {
    let label = target.label();
    progress.starts(&label);
    let clock = Instant::now();
    let (ended, finding) = start(plan, target, interrupt, progress)?;
    let time = CategoryTime { category: label, elapsed: clock.elapsed() };
    progress.ends(&time, finding.failure());
    outcome.add(time, finding, ended);
    Ok(())
}

fn start(
    plan: &Plan<'_>,
    target: &BenchTarget,
    interrupt: &Interrupt,
    progress: &mut Progress<'_>,
) -> Result<(Ended, Finding), Error> {
    let home = record::target_home(plan.home, target);
    std::fs::create_dir_all(&home).map_err(Error::io("make the folder", &home))?;
    let started = SystemTime::now() - record::CLOCK_SLACK;
    let limits = Limits { processor: None, until: Instant::now().checked_add(plan.timeout) };
    let mut see = |line: &str| progress.line(line);
    let ended = process::run_within(&mut command(plan, target, &home), limits, interrupt, &mut see)?;
    let finding = find(&ended, &home, started).within(plan.filter);
    Ok((understood(target, ended)?, finding))
}

impl Finding {
    /// A target that holds nothing of what is asked for saves nothing, and that is no failure.
    fn within(self, filter: Option<&IdFilter>) -> Self {
        match self {
            Self::Failed(reason) if filter.is_some() && reason == NOTHING_SAVED => {
                Self::LeftOut(format!("{reason} of --filter"))
            }
            finding => finding,
        }
    }

    /// How a target ended otherwise than well, and why.
    fn failure(&self) -> Option<(&str, &str)> {
        match self {
            Self::Measured => None,
            Self::Failed(reason) => Some(("FAILED", reason)),
            Self::LeftOut(reason) => Some(("LEFT OUT", reason)),
        }
    }
}

impl RunOutcome {
    fn add(&mut self, time: CategoryTime, finding: Finding, ended: Ended) {
        let category = time.category.clone();
        if !ended.left_behind.is_empty() {
            let left = ended.left_behind.join(", ");
            self.notes.push(format!("the bench {category} left processes behind, which were ended: {left}"));
        }
        match finding {
            Finding::Measured => {}
            Finding::LeftOut(reason) => self.left_out.push(LeftOut { target: category, reason }),
            Finding::Failed(reason) => {
                let output = last_lines(&without_progress(ended.output));
                self.failures.push(Failure { category, reason, output });
            }
        }
        self.times.push(time);
    }
}

/// What a bench printed for people to keep.
fn without_progress(mut output: Vec<String>) -> Vec<String> {
    output.retain(|line| !line.starts_with(progress::LOAD));
    output
}

/// A bench as cargo would run it, but for the home, the mode and the lines that say how a load stands.
fn command(plan: &Plan<'_>, target: &BenchTarget, home: &Path) -> Command {
    let mut command = target.command();
    command.args(plan.arguments).args(plan.filter.map(IdFilter::pattern));
    command
        .env("CRITERION_HOME", home)
        .env("TMPDIR", plan.scratch)
        .env(SERVERS, servers())
        .env("BENCH_MODE", &plan.environment.mode)
        .env(progress::LOAD_VARIABLE, "lines");
    if !plan.required.is_empty() {
        command.env("BENCH_REQUIRE", plan.required.join(","));
    }
    if plan.target_is_mine {
        command.env("BENCH_TARGET_IS_MINE", "1");
    }
    command
}

/// Where ephemeral servers go: where the user says, and not into the scratch folder as other files.
fn servers() -> OsString {
    let named = std::env::var_os(SERVERS).filter(|folder| !folder.is_empty());
    named.unwrap_or_else(|| temporary::folder().into())
}

/// A bench that ends well and saves nothing did not measure anything: Criterion drops what it cannot store.
fn find(ended: &Ended, home: &Path, started: SystemTime) -> Finding {
    if let Some(reason) = &ended.failure {
        return Finding::Failed(reason.clone());
    }
    if let Some(id) = measured_twice(&ended.output) {
        return Finding::Failed(format!(
            "two of its benchmarks have the id `{id}`: Criterion kept the last result alone"
        ));
    }
    let is_fresh = |benchmark| criterion::written(benchmark).is_ok_and(|written| written >= started);
    match criterion::load(home, criterion::LATEST) {
        Ok(benchmarks) if benchmarks.iter().any(is_fresh) => Finding::Measured,
        Ok(_) | Err(Error::EmptyHome { .. } | Error::NoHome { .. }) => nothing_saved(ended, home, started),
        Err(error) => Finding::Failed(error.message()),
    }
}

/// The id that Criterion announced twice: one benchmark wrote over the result of another.
fn measured_twice(output: &[String]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    let announced = output.iter().filter_map(|line| line.trim().strip_prefix(ANNOUNCEMENT));
    announced.filter(|rest| !rest.contains(": ")).find(|id| !seen.insert(*id))
}

/// No failure if the bench said of each engine why it is not available, and measured none.
fn nothing_saved(ended: &Ended, home: &Path, started: SystemTime) -> Finding {
    let is_libtest = ended.output.iter().any(|line| line.starts_with(LIBTEST));
    match EngineMetadata::read(home, Some(started)) {
        Ok(facts) if facts.engines.is_empty() && !facts.unavailable.is_empty() => Finding::Measured,
        Ok(_) if is_libtest => Finding::LeftOut(cargo::of_harness("libtest")),
        Ok(_) => Finding::Failed(NOTHING_SAVED.to_owned()),
        Err(error) => Finding::Failed(error.message()),
    }
}

/// # Errors
/// The bench refused what it was told.
fn understood(target: &BenchTarget, ended: Ended) -> Result<Ended, Error> {
    match ended.code {
        Some(BAD_INPUT) => {
            let said = complaint(&ended.output);
            Err(Error::BenchRefused { category: target.label(), said })
        }
        _ => Ok(ended),
    }
}

/// What a bench printed from its last `error: ` on, else its last lines.
fn complaint(output: &[String]) -> String {
    let from = output.iter().rposition(|line| line.starts_with("error: "));
    let lines = from.map_or_else(|| last_lines(output), |from| output[from..].to_vec());
    lines.join("\n").trim_start_matches("error: ").to_owned()
}

/// The last lines of what a bench printed, for a report.
#[must_use]
pub fn last_lines(output: &[String]) -> Vec<String> {
    output[output.len().saturating_sub(KEPT_LINES)..].to_vec()
}
