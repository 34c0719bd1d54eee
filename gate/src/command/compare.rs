//! `bench-gate compare`: runs against runs.

use std::io::Write;
use std::path::Path;

use super::comparison::compared;
use super::print;
use crate::command::cli::CompareArgs;
use crate::files::store;
use crate::judge::Compared;
use crate::judge::run_set::{self, Pairing};
use crate::model::error::Error;
use crate::report::comparison::{ComparisonReport, console};
use crate::thresholds::policies::Policies;

/// Compares the homes that `arguments` name.
pub fn compare(arguments: &CompareArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    let policies = policies(arguments)?;
    let base = run_set::from_homes("base", &arguments.base, arguments.base_name.as_ref())?;
    let head = run_set::from_homes("head", &arguments.head, arguments.head_name.as_ref())?;
    let pairing = if arguments.paired { Pairing::Paired } else { Pairing::Unpaired };
    run_set::refuse_one_home_twice(&base, &head)?;
    let compared = compared(&base, &head, pairing, &policies, &arguments.comparison)?;
    print(out, &said(&compared, arguments.json, quiet)?)?;
    Ok(compared.verdict().exit_code())
}

fn policies(arguments: &CompareArgs) -> Result<Policies, Error> {
    let (named, margin) = (arguments.thresholds.as_deref(), arguments.comparison.margin);
    Policies::found(named, margin, &arguments.baselines.folder)
}

fn said(compared: &Compared, as_json: bool, quiet: bool) -> Result<String, Error> {
    if as_json {
        return Ok(store::to_json(&ComparisonReport::new(compared)));
    }
    let mut text = Vec::new();
    let write = if quiet { console::write_verdict } else { console::write };
    write(&mut text, compared).map_err(Error::io("write", Path::new("the comparison")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
