//! The verbs: from what was typed to an exit code. Reports are written before the exit.

mod ab;
mod against;
mod baseline;
mod calibrate;
mod check;
pub mod cli;
mod compare;
mod comparison;
mod results;
mod run;

use std::io::{self, Write};
use std::path::Path;

use crate::command::cli::{AgainstArgs, Cli, JudgingArgs, ThresholdsFile, Verb};
use crate::files::store;
use crate::judge::Judgement;
use crate::measure::cargo::launch;
use crate::model::error::Error;
use crate::report::console::Console;
use crate::report::{self, Exporter, Report, json};
use crate::thresholds::{THRESHOLDS_FILE, Thresholds};

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

/// Makes sure, before any work, that the reports will have a place.
fn check_report_folder(judging: &JudgingArgs) -> Result<(), Error> {
    if judging.no_save { Ok(()) } else { store::check_writable(&judging.report_dir) }
}

/// Saves and prints `report`, and returns the exit code of its verdict.
fn conclude(
    report: &Report<'_>,
    judging: &JudgingArgs,
    quiet: bool,
    out: &mut dyn Write,
) -> Result<u8, Error> {
    let saved = if judging.no_save { Vec::new() } else { report::save(report, &judging.report_dir)? };
    print_written(out, |text| Console { quiet }.judgement(text, report))?;
    saved.iter().filter(|_| !quiet).try_for_each(|path| print(out, &format!("{}\n", path.display())))?;
    Ok(report.judgement.verdict.exit_code())
}

/// Why no comparison was made, where one was asked for.
fn not_compared(arguments: &AgainstArgs, judgement: &Judgement) -> String {
    match &arguments.baseline {
        Some(name) if judgement.comparison.is_none() => {
            format!("Not compared with baseline `{name}`: a category could not run.\n")
        }
        _ => String::new(),
    }
}

/// Prints what `write` writes, as a whole.
fn print_written(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let mut text = Vec::new();
    write(&mut text).map_err(Error::io("write", Path::new("the report")))?;
    print(out, &String::from_utf8_lossy(&text))
}

/// Prints `text`. A reader that has gone away (`| head`) changes no exit code.
fn print(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("write", Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}
