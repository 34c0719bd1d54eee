//! `bench-gate run`: measures, then judges.

use std::cell::LazyCell;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::results::Results;
use super::{check_report_folder, conclude, print};
use crate::gate::baseline::{Baseline, Run, Store};
use crate::gate::benchmark::Benchmark;
use crate::gate::cli::RunArgs;
use crate::gate::environment::Environment;
use crate::gate::error::Error;
use crate::gate::report::Report;
use crate::gate::run::progress::Progress;
use crate::gate::run::{self, Home, Interrupt, Outcome, Plan, Project};
use crate::gate::threshold::Thresholds;

/// Runs the benches that `arguments` name, and judges them.
pub fn run(arguments: &RunArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    check_report_folder(&arguments.judging)?;
    let thresholds = Thresholds::load(&arguments.judging.thresholds.path)?;
    thresholds.refuse_unknown_engines(&arguments.judging.require)?;
    let results = measure(arguments, &thresholds, &Environment::here(Some(mode(arguments))), quiet, out)?;
    let judgement = results.judge(&thresholds, scope(arguments, &results), &arguments.judging.require)?;
    finish(arguments, quiet, out, &results.report(&judgement, &thresholds, &results.environment()))
}

fn mode(arguments: &RunArgs) -> &'static str {
    if arguments.quick { "quick" } else { "full" }
}

fn measure(
    arguments: &RunArgs,
    thresholds: &Thresholds,
    environment: &Environment,
    quiet: bool,
    out: &mut dyn Write,
) -> Result<Results, Error> {
    let project = Project::here()?.in_order_of(&thresholds.categories());
    project.refuse_unknown(&arguments.categories)?;
    let home = Home::new(arguments.criterion_home.as_deref(), &project.target)?;
    let scratch = tempfile::tempdir().map_err(Error::io("write into", &std::env::temp_dir()))?;
    let (categories, required) = (&arguments.categories, &arguments.judging.require);
    let plan = Plan {
        project: &project,
        categories,
        environment,
        required,
        home: home.path(),
        scratch: scratch.path(),
    };
    let outcome = run_with_progress(&plan, &mut Progress::new(out, quiet))?;
    Results::read(&home.keep()?, outcome.times)
}

fn run_with_progress(plan: &Plan<'_>, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    progress.say(&format!("Starting performance benchmarks ({} mode)...", plan.environment.mode));
    let started = Instant::now();
    let outcome = run::run(plan, &interrupt, progress)?;
    progress.finish(started.elapsed());
    Ok(outcome)
}

/// What ran: everything, or the bench targets that were named with the groups that they hold.
fn scope(arguments: &RunArgs, results: &Results) -> Vec<String> {
    let mut categories = arguments.categories.clone();
    if !categories.is_empty() && arguments.criterion_home.is_none() {
        categories.extend(results.benchmarks.iter().map(|benchmark| benchmark.category().to_owned()));
    }
    categories
}

fn finish(arguments: &RunArgs, quiet: bool, out: &mut dyn Write, report: &Report<'_>) -> Result<u8, Error> {
    let code = conclude(report, &arguments.judging, quiet, out)?;
    let kept = keep_baseline(arguments, report)?;
    let results = format!("Results: {}\n", report.home.display());
    print(out, &if quiet { String::new() } else { kept + &results })?;
    Ok(code)
}

/// Keeps the results as the named baseline, unless part of them is missing, and says what was done.
fn keep_baseline(arguments: &RunArgs, report: &Report<'_>) -> Result<String, Error> {
    let Some(name) = &arguments.save_baseline else { return Ok(String::new()) };
    if !report.judgement.failures.is_empty() {
        return Ok(format!("Baseline `{name}` was not saved: a category could not run.\n"));
    }
    let environment = LazyCell::force(report.environment).clone();
    let run = Run::of(&measured_now(arguments, report))?;
    let baseline = Baseline::of_runs(name.clone(), environment, vec![run]);
    let path = Store::new(&arguments.baselines.folder).save(&baseline, true)?;
    Ok(format!("Baseline `{name}`: {}\n", path.display()))
}

/// The results of this run: a home that was named may hold older ones, of categories that did not run.
fn measured_now(arguments: &RunArgs, report: &Report<'_>) -> Vec<Benchmark> {
    let named = arguments.criterion_home.is_some() && !arguments.categories.is_empty();
    let ran = |benchmark: &&Benchmark| arguments.categories.iter().any(|it| it == benchmark.category());
    report.benchmarks.iter().filter(|benchmark| !named || ran(benchmark)).cloned().collect()
}
