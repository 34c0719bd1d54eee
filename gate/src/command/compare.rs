//! `bench-gate compare`: runs against runs.

use std::io::Write;

use super::comparison::compared;
use super::print_written;
use crate::command::cli::CompareArgs;
use crate::judge::run_set::{self, Pairing};
use crate::model::error::Error;
use crate::report;
use crate::thresholds::policies::Policies;

/// Compares the homes that `arguments` name.
pub fn compare(arguments: &CompareArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    let policies = policies(arguments)?;
    let base = run_set::from_homes("base", &arguments.base, arguments.base_name.as_ref())?;
    let head = run_set::from_homes("head", &arguments.head, arguments.head_name.as_ref())?;
    let pairing = if arguments.paired { Pairing::Paired } else { Pairing::Unpaired };
    run_set::refuse_one_home_twice(&base, &head)?;
    let compared = compared(&base, &head, pairing, &policies, &arguments.comparison)?;
    print_written(out, |text| report::exporter(arguments.json, quiet).comparison(text, &compared))?;
    Ok(compared.verdict().exit_code())
}

fn policies(arguments: &CompareArgs) -> Result<Policies, Error> {
    let (named, margin) = (arguments.thresholds.as_deref(), arguments.comparison.margin);
    Policies::found(named, margin, &arguments.baselines.folder)
}
