//! `bench-gate run`: measures, then judges.

mod measure;

use std::cell::LazyCell;
use std::io::Write;

use super::against::Against;
use super::output::{check_report_folder, conclude, not_compared, print};
use super::results::Results;
use crate::command::cli::RunArgs;
use crate::files::baseline::{Baseline, Run, Store};
use crate::judge::run_set::RecordedRun;
use crate::judge::{Judgement, Scope};
use crate::measure::run::progress::Progress;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::report::Report;
use crate::thresholds::Thresholds;
use measure::{MeasuredRuns, measure};

/// Runs the benches that `arguments` name, and judges them.
pub fn run(arguments: &RunArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    check_report_folder(&arguments.judging)?;
    let thresholds = Thresholds::found(arguments.judging.thresholds.path.as_deref())?;
    thresholds.refuse_unknown_engines(&arguments.judging.require)?;
    let environment = Environment::here(Some(mode(arguments)));
    let against = against(arguments, &thresholds, &environment)?;
    let measured = measure(arguments, &thresholds, &environment, &mut Progress::new(out, quiet))?;
    let judgement = judge(arguments, &thresholds, &measured, against)?;
    finish(arguments, quiet, out, &thresholds, &measured, &judgement)
}

fn mode(arguments: &RunArgs) -> &'static str {
    if arguments.quick { "quick" } else { "full" }
}

/// The baseline to compare with, if one is asked for and the runs that are about to be made can be.
fn against(
    arguments: &RunArgs,
    thresholds: &Thresholds,
    environment: &Environment,
) -> Result<Option<Against>, Error> {
    let home = arguments.criterion_home.as_deref();
    let against = Against::load(&arguments.against, thresholds, &arguments.baselines, home)?;
    against.iter().try_for_each(|against| against.refuse_in_advance(arguments.runs, environment))?;
    Ok(against)
}

fn judge(
    arguments: &RunArgs,
    thresholds: &Thresholds,
    measured: &MeasuredRuns,
    against: Option<Against>,
) -> Result<Judgement, Error> {
    let results = &measured.results;
    results.judge(thresholds, scope(arguments, results), |scope| {
        let compare =
            |against: Against| against.compare(measured.runs.clone(), &results.facts, |id| scope.holds(id));
        against.map(compare).transpose()
    })
}

/// What is judged: everything, or what the named bench targets hold. What was selected by package or target is as named.
fn scope(arguments: &RunArgs, results: &Results) -> Scope {
    let RunArgs { categories, selection, filter, .. } = arguments;
    let selects = !selection.package.is_empty() || !selection.bench.is_empty();
    let names = if categories.is_empty() && selects { results.targets() } else { categories.clone() };
    Scope { required: arguments.judging.require.clone(), ..results.scope(&names, filter.as_ref()) }
}

fn finish(
    arguments: &RunArgs,
    quiet: bool,
    out: &mut dyn Write,
    thresholds: &Thresholds,
    measured: &MeasuredRuns,
    judgement: &Judgement,
) -> Result<u8, Error> {
    print(out, &measured.covered())?;
    let environment = measured.results.environment();
    let report = measured.results.report(judgement, thresholds, &environment);
    let code = conclude(&report, &arguments.judging, quiet, out)?;
    let kept = keep_baseline(arguments, &report, &measured.runs)?;
    let kept = format!("{kept}Results: {}\n", report.home.display());
    let said = if quiet { String::new() } else { not_compared(&arguments.against, judgement) + &kept };
    print(out, &said).map(|()| code)
}

/// Keeps the runs as the named baseline, unless part of them is missing, and says what was done.
fn keep_baseline(arguments: &RunArgs, report: &Report<'_>, runs: &[RecordedRun]) -> Result<String, Error> {
    let Some(name) = &arguments.save_baseline else { return Ok(String::new()) };
    if !report.judgement.failures.is_empty() {
        return Ok(format!("Baseline `{name}` was not saved: a category could not run.\n"));
    }
    let environment = LazyCell::force(report.environment).clone();
    let runs = runs.iter().map(|run| Run { results: run.results.clone() }).collect();
    let baseline = Baseline::of_runs(name.clone(), environment, runs);
    let path = Store::new(&arguments.baselines.folder).save(&baseline, true)?;
    Ok(format!("Baseline `{name}`: {}\n", path.display()))
}
