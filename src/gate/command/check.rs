//! `bench-gate check`: judges what is there.

use std::io::Write;

use super::{check_report_folder, conclude};
use crate::gate::benchmark::Benchmark;
use crate::gate::cli::CheckArgs;
use crate::gate::environment::Environment;
use crate::gate::error::Error;
use crate::gate::judge::{self, Judgement, Scope};
use crate::gate::read;
use crate::gate::report::Report;
use crate::gate::run::record::RunRecord;
use crate::gate::threshold::Thresholds;

/// Judges the Criterion home that `arguments` name.
pub fn check(arguments: &CheckArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    check_report_folder(&arguments.judging)?;
    let thresholds = Thresholds::load(&arguments.judging.thresholds.path)?;
    let home = read::criterion_home(arguments.criterion_home.as_deref());
    let benchmarks = read::load(&home, read::LATEST)?;
    let record = RunRecord::read(&home)?;
    let scope = scope(&arguments.categories, record.as_ref());
    judge::refuse_unknown_categories(&thresholds, &benchmarks, &scope)?;
    let judgement = judge_fresh(&thresholds, &benchmarks, scope, record.as_ref())?;
    let environment = Environment::here(record.as_ref().map(|record| record.mode.as_str()));
    let (judgement, thresholds, environment) = (&judgement, &thresholds, &environment);
    let report =
        Report { judgement, benchmarks: &benchmarks, thresholds, environment, home: &home, times: &[] };
    conclude(&report, &arguments.judging, quiet, out)
}

/// What was asked for, and what the home's own record says could not run.
fn scope(categories: &[String], record: Option<&RunRecord>) -> Scope {
    let mut scope = Scope { categories: categories.to_vec(), failures: Vec::new() };
    let failures = record.iter().flat_map(|record| &record.failures);
    scope.failures = failures.filter(|failure| scope.holds(&failure.category)).cloned().collect();
    scope
}

/// Judges `benchmarks`, once it is sure that none in scope is older than the run that filled the home.
pub fn judge_fresh(
    thresholds: &Thresholds,
    benchmarks: &[Benchmark],
    scope: Scope,
    record: Option<&RunRecord>,
) -> Result<Judgement, Error> {
    if let Some(record) = record {
        let in_scope = benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id));
        read::refuse_stale(in_scope, record.fresh_from())?;
    }
    judge::judge(thresholds, benchmarks, scope)
}
