//! `bench-gate`: parse, do, and say so in the exit code.

use std::process::ExitCode;

use backend_bench::gate::cli::{Cli, Color};
use backend_bench::gate::{Error, command};
use clap::Parser;
use owo_colors::OwoColorize;

fn main() -> ExitCode {
    let cli = Cli::parse();
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
    anstream::eprintln!("{} {error}\n  {} {}", "error:".red().bold(), "help:".cyan(), error.remedy());
    error.exit_code()
}
