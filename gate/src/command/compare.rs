//! `bench-gate compare`: runs against runs.

use std::io::Write;
use std::path::PathBuf;

use super::comparison::compared;
use super::output::print_written;
use crate::command::cli::{CompareArgs, SavedName};
use crate::judge::run_set::{self, Pairing, RunSet};
use crate::model::error::Error;
use crate::report;
use crate::thresholds::policies::Policies;

/// Compares the homes that `arguments` name.
///
/// # Errors
/// A home cannot be read, its runs are no evidence, or environments differ without leave.
pub fn compare(arguments: &CompareArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    let policies = policies(arguments)?;
    let (base, head) = (
        runs("base", &arguments.base, &arguments.base_name, arguments)?,
        runs("head", &arguments.head, &arguments.head_name, arguments)?,
    );
    let pairing = if arguments.paired { Pairing::Paired } else { Pairing::Unpaired };
    run_set::refuse_one_home_twice(&base, &head)?;
    let compared = compared(&base, &head, pairing, &policies, &arguments.comparison, None)?;
    print_written(out, |text| report::exporter(arguments.json, quiet).comparison(text, &compared))?;
    Ok(compared.verdict.exit_code())
}

/// The part of what `homes` hold under `saved` that is asked for.
fn runs(name: &str, homes: &[PathBuf], saved: &SavedName, arguments: &CompareArgs) -> Result<RunSet, Error> {
    let mut runs = run_set::from_homes(name, homes, saved.as_ref())?;
    runs.retain(|id| arguments.filter.as_ref().is_none_or(|filter| filter.holds(id)));
    Ok(runs)
}

fn policies(arguments: &CompareArgs) -> Result<Policies, Error> {
    let (named, margin) = (arguments.thresholds.as_deref(), arguments.comparison.margin);
    Policies::found(named, margin, &arguments.baselines.folder)
}
