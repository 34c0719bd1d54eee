//! Runs the benches of a Cargo project, category by category, into a Criterion home.
//!
//! A category is a bench target, and has a process of its own. The home is fresh unless one is named, so that
//! nothing stale is judged, and a record in it says what ran, when, and how it ended.

pub mod progress;
mod project;
pub mod record;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use crate::criterion;
use crate::files::temporary;
use crate::judge::Failure;
use crate::model::engine_metadata::EngineMetadata;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::report::CategoryTime;
use child::Ended;
use progress::Progress;
use record::RunRecord;

pub use super::process::{self as child, Interrupt, Limits};
pub use super::processor::Processor;
pub use progress::ANNOUNCEMENT;
pub use project::{BenchBinary, Project, build};

/// How many of a failed category's last lines are kept.
const KEPT_LINES: usize = 20;

/// The variable by which benches are told where throwaway servers go.
const SERVERS: &str = "BENCH_SERVERS";

/// What a bench ends with that was told something which cannot be meant: nothing is judged then.
const BAD_INPUT: i32 = 2;

/// What to run.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The project.
    pub project: &'a Project,
    /// Bench targets; empty means all.
    pub categories: &'a [String],
    /// Where it is run, with the mode (`quick` or `full`), which is handed on as `BENCH_MODE`.
    pub environment: &'a Environment,
    /// Engines that the benches must not do without, handed on as `BENCH_REQUIRE`.
    pub required: &'a [String],
    /// Whether load may go to another machine, handed on as `BENCH_TARGET_IS_MINE`.
    pub target_is_mine: bool,
    /// The Criterion home to fill.
    pub home: &'a Path,
    /// Where the benches keep what is temporary: gone with its owner, also if they are killed.
    pub scratch: &'a Path,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long each category took.
    pub times: Vec<CategoryTime>,
    /// Those that could not run to their end.
    pub failures: Vec<Failure>,
}

/// Builds and runs the benches of `plan`, and leaves a [`RunRecord`] in its home.
///
/// A category that fails is an entry in the outcome, not an error: the others run all the same.
///
/// # Errors
/// Cargo cannot build the benches, the home cannot be written to, or a signal interrupted; no process is left then.
pub fn run(plan: &Plan<'_>, interrupt: &Interrupt, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
    progress.building();
    let binaries = project::build(plan.project, plan.categories, interrupt)?;
    let mut record =
        RunRecord::started_now(plan.environment.clone(), binaries.iter().map(not_ended).collect());
    record.write(plan.home)?;
    let mut outcome = Outcome::default();
    for binary in &binaries {
        let (time, failure) = run_category(plan, binary, interrupt, progress)?;
        outcome.times.push(time);
        outcome.failures.extend(failure);
    }
    record.failures.clone_from(&outcome.failures);
    record.write(plan.home).map(|()| outcome)
}

/// What stands in the record until the run is through: an interrupted one is not to be taken for a whole one.
fn not_ended(binary: &BenchBinary) -> Failure {
    let reason = "the run that filled this home did not end".to_owned();
    Failure { category: binary.category.clone(), reason, output: Vec::new() }
}

fn run_category(
    plan: &Plan<'_>,
    binary: &BenchBinary,
    interrupt: &Interrupt,
    progress: &mut Progress<'_>,
) -> Result<(CategoryTime, Option<Failure>), Error> {
    progress.starts(&binary.category);
    let (started, clock) = (SystemTime::now() - record::CLOCK_SLACK, Instant::now());
    let ended = understood(
        binary,
        child::run(&mut command(plan, binary), interrupt, &mut |line| progress.line(line))?,
    )?;
    let time = CategoryTime { category: binary.category.clone(), elapsed: clock.elapsed() };
    let reason = ended.failure.or_else(|| nothing_saved(plan.home, started));
    progress.ends(&time, reason.as_deref());
    let (category, output) = (binary.category.clone(), last_lines(&without_progress(ended.output)));
    Ok((time, reason.map(|reason| Failure { category, reason, output })))
}

/// What a bench printed for people to keep.
fn without_progress(mut output: Vec<String>) -> Vec<String> {
    output.retain(|line| !line.starts_with(progress::LOAD));
    output
}

/// A bench as cargo would run it, but for the home, the mode and the lines that say how a load stands.
fn command(plan: &Plan<'_>, binary: &BenchBinary) -> Command {
    let mut command = Command::new(&binary.executable);
    command.arg("--bench").current_dir(&binary.package);
    command
        .env("CRITERION_HOME", plan.home)
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

/// Where throwaway servers go: where the user says, and not into the scratch folder as other files.
fn servers() -> OsString {
    let named = std::env::var_os(SERVERS).filter(|folder| !folder.is_empty());
    named.unwrap_or_else(|| temporary::folder().into())
}

/// A bench that ends well and saves nothing did not measure anything: Criterion drops what it cannot store.
fn nothing_saved(home: &Path, started: SystemTime) -> Option<String> {
    match criterion::load(home, criterion::LATEST) {
        Ok(benchmarks)
            if benchmarks.iter().any(|it| criterion::written(it).is_ok_and(|written| written >= started)) =>
        {
            None
        }
        Ok(_) | Err(Error::EmptyHome { .. } | Error::NoHome { .. }) => nothing_to_save(home, started),
        Err(error) => Some(error.to_string()),
    }
}

/// No failure where the bench said of all its engines why they were not to be had, and measured with none.
fn nothing_to_save(home: &Path, started: SystemTime) -> Option<String> {
    match EngineMetadata::read(home, Some(started)) {
        Ok(facts) if facts.engines.is_empty() && !facts.unavailable.is_empty() => None,
        Ok(_) => Some("it saved no Criterion result".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// # Errors
/// The bench refused what it was told.
fn understood(binary: &BenchBinary, ended: Ended) -> Result<Ended, Error> {
    match ended.code {
        Some(BAD_INPUT) => {
            let said = complaint(&ended.output);
            Err(Error::BenchRefused { category: binary.category.clone(), said })
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

/// The Criterion home of one run: one that was named, or a fresh one that becomes `latest` when the run is through.
#[derive(Debug)]
pub enum Home {
    /// Named by the user, and left as it is.
    Named(PathBuf),
    /// Ours: gone if the run is interrupted.
    Fresh(tempfile::TempDir),
}

impl Home {
    /// The named home, else a fresh one below `target`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(named: Option<&Path>, target: &Path) -> Result<Self, Error> {
        let parent = named.map_or_else(|| target.join("bench-gate"), Path::to_owned);
        std::fs::create_dir_all(&parent).map_err(Error::io("make the folder", &parent))?;
        let parent = parent.canonicalize().map_err(Error::io("find", &parent))?;
        match named {
            Some(_) => Ok(Self::Named(parent)),
            None => Ok(Self::Fresh(tempfile::tempdir_in(&parent).map_err(Error::io("write into", &parent))?)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Fresh(folder) => folder.path(),
        }
    }

    /// Keeps a fresh home as `latest`, in place of the one before, and returns where the results are now.
    ///
    /// # Errors
    /// The folder cannot be renamed.
    pub fn keep(self) -> Result<PathBuf, Error> {
        let folder = match self {
            Self::Named(path) => return Ok(path),
            Self::Fresh(folder) => folder.keep(),
        };
        let latest = folder.with_file_name("latest");
        // The one before is moved out of the way first, and deleted when the new one is in its place.
        let retired =
            tempfile::tempdir_in(latest.with_file_name("")).map_err(Error::io("replace", &latest))?;
        if latest.exists() {
            let aside = retired.path().join("latest");
            std::fs::rename(&latest, &aside).map_err(Error::io("replace", &latest))?;
        }
        std::fs::rename(&folder, &latest).map_err(Error::io("rename", &folder)).map(|()| latest)
    }
}
