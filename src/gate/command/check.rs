//! `bench-gate check`: judges what is there.

use std::io::Write;

use super::results::Results;
use super::{check_report_folder, conclude};
use crate::gate::cli::CheckArgs;
use crate::gate::error::Error;
use crate::gate::judge;
use crate::gate::read;
use crate::gate::threshold::Thresholds;

/// Judges the Criterion home that `arguments` name.
pub fn check(arguments: &CheckArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    check_report_folder(&arguments.judging)?;
    let thresholds = Thresholds::load(&arguments.judging.thresholds.path)?;
    thresholds.refuse_unknown_engines(&arguments.judging.require)?;
    let results = Results::read(&read::criterion_home(arguments.criterion_home.as_deref()), Vec::new())?;
    judge::refuse_unknown_categories(&thresholds, &results.benchmarks, &arguments.categories)?;
    let judgement = results.judge(&thresholds, arguments.categories.clone(), &arguments.judging.require)?;
    let environment = results.environment();
    conclude(&results.report(&judgement, &thresholds, &environment), &arguments.judging, quiet, out)
}
