//! What all verbs do with the standard output and the folder of reports.

use std::io::{self, Write};
use std::path::Path;

use crate::command::cli::{AgainstArgs, JudgingArgs};
use crate::files::store;
use crate::judge::Judgement;
use crate::model::error::Error;
use crate::report::console::Console;
use crate::report::{self, Exporter, Report};

/// Makes sure, before any work, that the reports will have a place.
pub(super) fn check_report_folder(judging: &JudgingArgs) -> Result<(), Error> {
    if judging.no_save { Ok(()) } else { store::check_writable(&judging.report_dir) }
}

/// Saves and prints `report`, and returns the exit code of its verdict.
pub(super) fn conclude(
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
pub(super) fn not_compared(arguments: &AgainstArgs, judgement: &Judgement) -> String {
    match &arguments.baseline {
        Some(name) if judgement.comparison.is_none() => {
            format!("Not compared with baseline `{name}`: a category could not run.\n")
        }
        _ => String::new(),
    }
}

/// Prints what `write` writes, as a whole.
pub(super) fn print_written(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let mut text = Vec::new();
    write(&mut text).map_err(Error::io("write", Path::new("the report")))?;
    print(out, &String::from_utf8_lossy(&text))
}

/// Prints `text`. A reader that has gone away (`| head`) changes no exit code.
pub(super) fn print(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("write", Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}
