//! The measuring of `bench-gate run`: once, or several times in processes and homes of their own.

use std::path::Path;
use std::time::Instant;

use crate::command::cli::RunArgs;
use crate::command::results::Results;
use crate::judge::Failure;
use crate::judge::run_set::RecordedRun;
use crate::measure::run::progress::Progress;
use crate::measure::run::{self, Home, Interrupt, Outcome, Plan, Project};
use crate::model::benchmark::category_of;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::thresholds::Thresholds;

/// What was measured.
pub struct Measured {
    /// The results of the last run, which are the ones that are judged by limits: with the times of all runs, and with
    /// the categories that could not run in any of them.
    pub results: Results,
    /// The numbers of each run.
    pub runs: Vec<RecordedRun>,
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
) -> Result<Measured, Error> {
    let project = Project::here()?.in_order_of(&thresholds.categories());
    project.refuse_unknown(&arguments.categories)?;
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    progress.say(&format!("Starting performance benchmarks ({} mode)...", environment.mode));
    let started = Instant::now();
    let measured = Session { arguments, project, environment, interrupt }.run_all(progress)?;
    progress.finish(started.elapsed());
    Ok(measured)
}

struct Session<'a> {
    arguments: &'a RunArgs,
    project: Project,
    environment: &'a Environment,
    interrupt: Interrupt,
}

impl Session<'_> {
    fn run_all(&self, progress: &mut Progress<'_>) -> Result<Measured, Error> {
        let (mut measured, mut failed, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for number in 1..self.arguments.runs {
            let (results, run) = self.run_once(number, progress)?;
            failed.extend(results.record.into_iter().flat_map(|record| record.failures).map(in_run(number)));
            times.extend(results.times);
            measured.push(run);
        }
        let (mut results, last) = self.run_once(self.arguments.runs, progress)?;
        results.record.iter_mut().for_each(|record| record.failures.append(&mut failed));
        results.times.splice(0..0, times);
        measured.push(last);
        Ok(Measured { results, runs: measured })
    }

    /// One run, in a home that is gone afterwards unless it is the last.
    fn run_once(&self, number: usize, progress: &mut Progress<'_>) -> Result<(Results, RecordedRun), Error> {
        let (runs, named) = (self.arguments.runs, self.arguments.criterion_home.as_deref());
        if runs > 1 {
            progress.say(&format!("Run {number} of {runs}"));
        }
        let home = Home::new(named, &self.project.target)?;
        let times = self.fill(home.path(), progress)?.times;
        let (path, _alive) =
            if number == runs { (home.keep()?, None) } else { (home.path().to_owned(), Some(home)) };
        let results = Results::read(&path, times)?;
        let run = results.side_run(&format!("run {number} of {runs}"), |id| self.measures(id));
        Ok((results, RecordedRun { made_apart: true, ..run }))
    }

    fn fill(&self, home: &Path, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
        let scratch = tempfile::tempdir().map_err(Error::io("write into", &std::env::temp_dir()))?;
        let plan = Plan {
            project: &self.project,
            categories: &self.arguments.categories,
            environment: self.environment,
            required: &self.arguments.judging.require,
            target_is_mine: self.arguments.target_is_mine,
            home,
            scratch: scratch.path(),
        };
        run::run(&plan, &self.interrupt, progress)
    }

    /// Whether this run measured the benchmark `id`: a home that was named may hold older results, of categories that
    /// did not run.
    fn measures(&self, id: &str) -> bool {
        let categories = &self.arguments.categories;
        let named = self.arguments.criterion_home.is_some() && !categories.is_empty();
        !named || categories.iter().any(|category| category == category_of(id))
    }
}

/// A failure of an earlier run, which says so.
fn in_run(number: usize) -> impl Fn(Failure) -> Failure {
    move |failure| Failure { reason: format!("{} (run {number})", failure.reason), ..failure }
}
