//! Is it good enough: judges the estimates that Criterion saved, of any Criterion project.
//!
//! ```text
//! criterion ──> Benchmark ─┐
//!                          ├─> judge ──> Judgement ──> report (console, json)
//! thresholds ─> Metric ────┘       └──> Verdict ──> exit code
//! ```
//!
//! [`criterion`] alone knows what Criterion leaves on disk. [`thresholds`] holds the absolute limits and the margins.
//! [`stats`] compares runs: pure functions. [`judge`] joins them to a [`judge::Verdict`]; nothing passes by absence.
//! [`measure`] runs benches, of one revision or of two in turns. [`files`] keeps baselines, and [`model`] has the words
//! that all of them share. [`command`] is one file a verb.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use owo_colors::OwoColorize;

pub mod command;
pub mod criterion;
pub mod files;
pub mod judge;
pub mod measure;
pub mod metadata;
pub mod model;
pub mod report;
pub mod stats;
pub mod thresholds;

pub use model::benchmark::{Benchmark, Estimate};
pub use model::error::Error;

use command::cli::{Cli, Color};

/// Runs the program with `arguments`, the first of which is its own name.
///
/// Usage errors and `--help` end the process, as clap does.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = Cli::parse_from(arguments);
    choose_colour(cli.color);
    let code = command::execute(cli, &mut anstream::stdout()).unwrap_or_else(|error| explain(&error));
    ExitCode::from(code)
}

fn choose_colour(color: Color) {
    let choice = match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

fn explain(error: &Error) -> u8 {
    let (message, remedy) = (error.message(), error.remedy());
    anstream::eprintln!("{} {message}\n  {} {remedy}", "error:".red().bold(), "help:".cyan());
    error.exit_code()
}
