//! `bench-gate run`: measures, then judges.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::check::judge_fresh;
use super::{check_report_folder, conclude, print};
use crate::gate::baseline::{Baseline, Store};
use crate::gate::benchmark::Benchmark;
use crate::gate::cli::RunArgs;
use crate::gate::environment::Environment;
use crate::gate::error::Error;
use crate::gate::judge::Scope;
use crate::gate::read;
use crate::gate::report::Report;
use crate::gate::run::progress::Progress;
use crate::gate::run::record::RunRecord;
use crate::gate::run::{self, Home, Interrupt, Outcome, Plan, Project};
use crate::gate::threshold::Thresholds;

/// What a run left behind.
struct Measured {
    outcome: Outcome,
    home: PathBuf,
    benchmarks: Vec<Benchmark>,
}

/// Runs the benches that `arguments` name, and judges them.
pub fn run(arguments: &RunArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    check_report_folder(&arguments.judging)?;
    let thresholds = Thresholds::load(&arguments.judging.thresholds.path)?;
    let environment = Environment::here(Some(mode(arguments)));
    let measured = measure(arguments, quiet, out)?;
    let scope = scope(arguments, &measured);
    let record = RunRecord::read(&measured.home)?;
    let judgement = judge_fresh(&thresholds, &measured.benchmarks, scope, record.as_ref())?;
    finish(
        arguments,
        quiet,
        out,
        &measured,
        &Report {
            judgement: &judgement,
            benchmarks: &measured.benchmarks,
            thresholds: &thresholds,
            environment: &environment,
            home: &measured.home,
            times: &measured.outcome.times,
        },
    )
}

fn mode(arguments: &RunArgs) -> &'static str {
    if arguments.quick { "quick" } else { "full" }
}

fn measure(arguments: &RunArgs, quiet: bool, out: &mut dyn Write) -> Result<Measured, Error> {
    let project = Project::here()?;
    project.refuse_unknown(&arguments.categories)?;
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    let home = Home::new(arguments.criterion_home.as_deref(), &project.target)?;
    let plan = Plan {
        project: &project,
        categories: &arguments.categories,
        mode: mode(arguments),
        home: home.path(),
    };
    let outcome = run_with_progress(&plan, &interrupt, &mut Progress::new(out, quiet))?;
    let home = home.keep()?;
    let benchmarks = load(&home, &outcome)?;
    Ok(Measured { outcome, home, benchmarks })
}

fn run_with_progress(
    plan: &Plan<'_>,
    interrupt: &Interrupt,
    progress: &mut Progress<'_>,
) -> Result<Outcome, Error> {
    progress.say(&format!("Starting performance benchmarks ({} mode)...", plan.mode));
    let started = Instant::now();
    let outcome = run::run(plan, interrupt, progress)?;
    progress.finish(started.elapsed());
    Ok(outcome)
}

/// Reads the results. None at all is no error where the failures say why: the report then says it.
fn load(home: &Path, outcome: &Outcome) -> Result<Vec<Benchmark>, Error> {
    match read::load(home, read::LATEST) {
        Err(Error::EmptyHome { .. }) if !outcome.failures.is_empty() => Ok(Vec::new()),
        loaded => loaded,
    }
}

/// What ran: everything, or the bench targets that were named with the groups that they hold.
fn scope(arguments: &RunArgs, measured: &Measured) -> Scope {
    let mut categories = arguments.categories.clone();
    if !categories.is_empty() && arguments.criterion_home.is_none() {
        categories.extend(measured.benchmarks.iter().map(|benchmark| benchmark.category().to_owned()));
    }
    Scope { categories, failures: measured.outcome.failures.clone() }
}

fn finish(
    arguments: &RunArgs,
    quiet: bool,
    out: &mut dyn Write,
    measured: &Measured,
    report: &Report<'_>,
) -> Result<u8, Error> {
    let code = conclude(report, &arguments.judging, quiet, out)?;
    save_baseline(arguments, quiet, out, report)?;
    let kept = format!("Results: {}\n", measured.home.display());
    if !quiet {
        print(out, &kept)?;
    }
    Ok(code)
}

/// Keeps the results as the named baseline, unless part of them is missing.
fn save_baseline(
    arguments: &RunArgs,
    quiet: bool,
    out: &mut dyn Write,
    report: &Report<'_>,
) -> Result<(), Error> {
    let Some(name) = &arguments.save_baseline else { return Ok(()) };
    if !report.judgement.failures.is_empty() {
        return print(out, &format!("Baseline `{name}` was not saved: a category could not run.\n"));
    }
    let baseline = Baseline::of_one_run(name.clone(), report.environment.clone(), report.benchmarks);
    let path = Store::new(&arguments.baselines.folder).save(&baseline, true)?;
    if quiet { Ok(()) } else { print(out, &format!("Baseline `{name}`: {}\n", path.display())) }
}
