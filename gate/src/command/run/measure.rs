//! The measuring of `bench-gate run`: once, or several times in processes and homes of their own.

use std::path::Path;
use std::time::Instant;

use crate::command::cli::RunArgs;
use crate::command::results::Results;
use crate::judge::Failure;
use crate::judge::run_set::RecordedRun;
use crate::measure::cargo::{BuiltTargets, Workspace};
use crate::measure::process::Interrupt;
use crate::measure::run::progress::Progress;
use crate::measure::run::{self, Home, Plan, RunOutcome};
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::thresholds::Thresholds;

/// What was measured.
pub struct MeasuredRuns {
    /// The results of the last run, which are the ones that are judged by limits: with the times of all runs, and with
    /// the bench targets that could not run in any of them.
    pub results: Results,
    /// The numbers of each run.
    pub runs: Vec<RecordedRun>,
    /// What the reader should know of the benches.
    pub notes: Vec<String>,
}

/// Runs the benches as often as `arguments` ask.
///
/// # Errors
/// The benches cannot be built or started, a home cannot be written to or read, or a signal interrupted.
pub fn measure(
    arguments: &RunArgs,
    thresholds: &Thresholds,
    environment: &Environment,
    progress: &mut Progress<'_>,
) -> Result<MeasuredRuns, Error> {
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    let workspace = workspace(arguments, thresholds, &interrupt)?;
    progress.say(&format!("Starting performance benchmarks ({} mode)...", environment.mode));
    let started = Instant::now();
    let measured =
        Session::new(arguments, environment, &workspace, &interrupt, progress)?.run_all(progress)?;
    progress.finish(started.elapsed());
    Ok(measured)
}

/// The workspace of this folder, whose bench targets run in the order of the limits.
fn workspace(
    arguments: &RunArgs,
    thresholds: &Thresholds,
    interrupt: &Interrupt,
) -> Result<Workspace, Error> {
    let workspace = Workspace::open(Path::new("."), &arguments.selection, interrupt)?;
    let workspace = workspace.in_order_of(&thresholds.categories());
    workspace.refuse_unknown(&arguments.categories).map(|()| workspace)
}

struct Session<'a> {
    arguments: &'a RunArgs,
    environment: &'a Environment,
    interrupt: &'a Interrupt,
    target: &'a Path,
    built: BuiltTargets,
}

impl<'a> Session<'a> {
    fn new(
        arguments: &'a RunArgs,
        environment: &'a Environment,
        workspace: &'a Workspace,
        interrupt: &'a Interrupt,
        progress: &mut Progress<'_>,
    ) -> Result<Self, Error> {
        progress.building();
        let built = workspace.build(&arguments.categories, interrupt)?;
        Ok(Self { arguments, environment, interrupt, target: &workspace.target, built })
    }

    fn run_all(&self, progress: &mut Progress<'_>) -> Result<MeasuredRuns, Error> {
        let earlier = (1..self.arguments.runs).map(|number| Ok((number, self.run_once(number, progress)?)));
        let earlier = earlier.collect::<Result<Vec<_>, Error>>()?;
        let mut all = self.run_once(self.arguments.runs, progress)?;
        earlier.into_iter().rev().for_each(|(number, run)| all.prepend(number, run));
        Ok(all)
    }

    /// One run, in a home that is gone afterwards unless it is the last.
    fn run_once(&self, number: usize, progress: &mut Progress<'_>) -> Result<MeasuredRuns, Error> {
        let runs = self.arguments.runs;
        if runs > 1 {
            progress.say(&format!("Run {number} of {runs}"));
        }
        let home = Home::new(self.arguments.criterion_home.as_deref(), self.target)?;
        let RunOutcome { times, notes, .. } = self.fill(home.path(), progress)?;
        let results = if number == runs {
            Results::read(&home.keep()?, times)
        } else {
            Results::read(home.path(), times)
        }?;
        let run = results.side_run(&format!("run {number} of {runs}"), self.measures(&results));
        Ok(MeasuredRuns { results, runs: vec![RecordedRun { made_apart: true, ..run }], notes })
    }

    fn fill(&self, home: &Path, progress: &mut Progress<'_>) -> Result<RunOutcome, Error> {
        let scratch = tempfile::tempdir().map_err(Error::io("write into", &std::env::temp_dir()))?;
        let plan = Plan {
            built: &self.built,
            arguments: &self.arguments.arguments,
            filter: self.arguments.filter.as_ref(),
            environment: self.environment,
            required: &self.arguments.judging.require,
            target_is_mine: self.arguments.target_is_mine,
            require_all: self.arguments.require_all,
            timeout: self.arguments.timeout,
            home,
            scratch: scratch.path(),
        };
        run::run(&plan, self.interrupt, progress)
    }

    /// Whether this run measured a benchmark: a home that was named may hold older results, of bench targets that did
    /// not run.
    fn measures(&self, results: &Results) -> impl Fn(&str) -> bool + use<> {
        let scope = results.scope(&self.arguments.categories, self.arguments.filter.as_ref());
        move |id| scope.holds(id)
    }
}

impl MeasuredRuns {
    /// Which bench targets ran and which did not, and what the reader should know of them.
    pub fn covered(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("Note: {note}.\n"));
        self.results.coverage() + &notes.collect::<String>()
    }

    /// Adds what the run `number`, which was made before these, measured.
    fn prepend(&mut self, number: usize, run: Self) {
        let failures = run.results.record.into_iter().flat_map(|record| record.failures);
        let failures: Vec<Failure> = failures.map(in_run(number)).collect();
        self.results.record.iter_mut().for_each(|record| record.failures.extend(failures.iter().cloned()));
        self.results.times.splice(0..0, run.results.times);
        self.runs.splice(0..0, run.runs);
    }
}

/// A failure of an earlier run, which says so.
fn in_run(number: usize) -> impl Fn(Failure) -> Failure {
    move |failure| Failure { reason: format!("{} (run {number})", failure.reason), ..failure }
}
