//! The verbs: from what was typed to an exit code. Reports are written before the exit.

mod ab;
mod against;
mod baseline;
mod calibrate;
mod check;
pub mod cli;
mod compare;
mod comparison;
mod output;
mod results;
mod run;

use std::io::Write;
use std::path::Path;

use crate::command::cli::{Cli, ThresholdsFile, Verb};
use crate::files::store;
use crate::measure::cargo::launch;
use crate::model::error::Error;
use crate::report::json;
use crate::thresholds::{THRESHOLDS_FILE, Thresholds};
use output::print;

/// Does what `cli` says, printing to `out`, and returns the exit code.
///
/// # Errors
/// Nothing could be judged: the error says why and what to do, and has an exit code of its own.
pub fn execute(cli: Cli, out: &mut dyn Write) -> Result<u8, Error> {
    match cli.verb {
        Verb::Run(arguments) => run::run(&arguments, cli.quiet, out),
        Verb::Check(arguments) => check::check(&arguments, cli.quiet, out),
        Verb::Ab(arguments) => ab::ab(&arguments, cli.quiet, out),
        Verb::Calibrate(arguments) => calibrate::calibrate(&arguments, cli.quiet, out).map(|()| 0),
        Verb::Compare(arguments) => compare::compare(&arguments, cli.quiet, out),
        Verb::Baseline(verb) => baseline::baseline(verb, out).map(|()| 0),
        Verb::Thresholds(file) => thresholds(&file, out).map(|()| 0),
        Verb::RecordLaunch { into, executable, .. } => launch::record(&into, &executable).map(|()| 0),
    }
}

fn thresholds(file: &ThresholdsFile, out: &mut dyn Write) -> Result<(), Error> {
    let thresholds = Thresholds::load(file.path.as_deref().unwrap_or(Path::new(THRESHOLDS_FILE)))?;
    print(out, &store::to_json(&json::PerformanceBaselines::new(&thresholds)))
}
