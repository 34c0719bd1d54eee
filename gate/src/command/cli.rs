//! What can be typed.

#![allow(missing_docs, reason = "clap would print the comment of a flattened field as the command's help")]

mod ab;
mod compare;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{ValueParser, ValueParserFactory};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use ab::{AbArgs, CalibrateArgs, EffortArgs};
pub use compare::{AgainstArgs, CompareArgs, ComparisonArgs, SavedName};

use crate::files::baseline::{BASELINES_FOLDER, BaselineName};
use crate::measure::cargo::Selection;
use crate::measure::cargo::launch::SUBCOMMAND;
use crate::model::filter::IdFilter;
use crate::report::REPORTS_FOLDER;

const EXAMPLES: &str = "\
Examples:
  bench-gate run --quick                    run every bench target at small sizes, then judge
  bench-gate run database cache             run two bench targets at full size
  bench-gate run --save-baseline main       run everything, keep it as baselines/main.json
  bench-gate run --require postgres,clickhouse
                                            fail if one of these engines is not available
  bench-gate run --runs 5 --save-baseline main
                                            the same five times over, to compare with later
  bench-gate run --baseline main            judge, and compare with that baseline
  bench-gate check                          judge what `cargo bench` left in target/criterion
  bench-gate check --criterion-home DIR --thresholds FILE
                                            judge any Criterion project
  bench-gate check --baseline main          compare with `cargo bench -- --save-baseline main`
  bench-gate compare --base A1 --base A2 … --head B1 --head B2 … --paired
                                            compare Criterion homes, one for each run
  bench-gate ab                             measure this commit against its merge base with the default branch
  bench-gate ab main worktree cache         the files as they are, and one bench target
  bench-gate calibrate cache --rounds 20    how noisy each benchmark is here, for automatic margins
  bench-gate baseline list                  what was saved, here and by Criterion itself
  bench-gate thresholds                     the limits in force, as JSON

Exit codes:
  0  judged, and good enough
  1  judged, and not good enough; a bench target could not run; a benchmark regressed or is gone
  2  could not judge: bad input, or a threshold without a fresh result
  3  compared, and the data do not tell: the null control is red, no row is decided, or (--strict) a row is
     inconclusive or suspiciously better
  130  interrupted";

/// A name that is refused is answered with the remedy, as every other error is.
impl ValueParserFactory for BaselineName {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        ValueParser::new(|name: &str| {
            name.parse::<Self>().map_err(|error| format!("{}\n  help: {}", error.message(), error.remedy()))
        })
    }
}

/// Judges the estimates that Criterion saved, and says so in its exit code.
#[derive(Debug, Parser)]
#[command(name = "bench-gate", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// Print no progress and no tables, only the verdict and what it rests on.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to use colour; `auto` does on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the benches of the project in this folder, then judge their results.
    Run(Box<RunArgs>),
    /// Judge results that are there already, of any Criterion project.
    Check(CheckArgs),
    /// Measure two revisions turn by turn on this machine: the gate for pull requests.
    Ab(AbArgs),
    /// Measure this project against itself: each benchmark's noise, and how often the gate is wrong.
    Calibrate(CalibrateArgs),
    /// Compare runs with runs: did it get slower, beyond noise and margin?
    Compare(CompareArgs),
    /// List, show, export and import named baselines.
    #[command(subcommand)]
    Baseline(BaselineVerb),
    /// Print the limits in force as JSON.
    Thresholds(ThresholdsFile),
    /// Write down how cargo starts a bench: this program is the runner when benches are built.
    #[command(name = SUBCOMMAND, hide = true)]
    RecordLaunch {
        into: PathBuf,
        executable: OsString,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// What `run` takes.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Bench targets to run; all of them if none is named.
    #[arg(value_name = "TARGET")]
    pub categories: Vec<String>,
    /// Only one benchmark, or those whose ids begin with these parts; `*` stands for one part.
    #[arg(long, value_name = "ID")]
    pub filter: Option<IdFilter>,
    /// Small sizes and few samples (`BENCH_MODE=quick`): minutes instead of tens of them.
    #[arg(long)]
    pub quick: bool,
    /// Keep the results as this named baseline, replacing one of that name.
    #[arg(long, value_name = "NAME")]
    pub save_baseline: Option<BaselineName>,
    /// Measure into this Criterion home instead of a fresh one.
    #[arg(long, value_name = "DIR", conflicts_with = "runs")]
    pub criterion_home: Option<PathBuf>,
    /// Run every bench so many times, each in a process and a home of its own: evidence for comparisons.
    #[arg(long, value_name = "N", default_value = "1", value_parser = runs)]
    pub runs: usize,
    /// Fail where a bench target is left out: one of another harness, one that does not build or that needs features.
    #[arg(long)]
    pub require_all: bool,
    /// The time that each bench target has: `90s`, `1h 30m`.
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = ab::time)]
    pub timeout: Duration,
    /// Load may go to another machine: the one that `API_URL` or another URL names is yours (`BENCH_TARGET_IS_MINE`).
    #[arg(long)]
    pub target_is_mine: bool,
    #[command(flatten)]
    pub against: AgainstArgs,
    #[command(flatten)]
    pub judging: JudgingArgs,
    #[command(flatten)]
    pub baselines: BaselinesFolder,
    #[command(flatten)]
    pub selection: Selection,
    /// What every bench is told, as behind the `--` of `cargo bench`.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<OsString>,
}

fn runs(text: &str) -> Result<usize, String> {
    let runs = text.parse::<usize>().ok().filter(|runs| (1..=1_000).contains(runs));
    runs.ok_or_else(|| "expected a number of runs from 1 to 1000".to_owned())
}

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What to judge: bench targets that `run` measured, or categories (the first part of an id); all if none is named.
    #[arg(value_name = "TARGET")]
    pub categories: Vec<String>,
    /// Only one benchmark, or those whose ids begin with these parts; `*` stands for one part.
    #[arg(long, value_name = "ID")]
    pub filter: Option<IdFilter>,
    /// The Criterion home to judge [default: `$CRITERION_HOME`, else `criterion` in cargo's target folder].
    #[arg(long, value_name = "DIR")]
    pub criterion_home: Option<PathBuf>,
    #[command(flatten)]
    pub against: AgainstArgs,
    #[command(flatten)]
    pub judging: JudgingArgs,
    #[command(flatten)]
    pub baselines: BaselinesFolder,
}

/// What everything that judges takes.
#[derive(Debug, Args)]
pub struct JudgingArgs {
    #[command(flatten)]
    pub thresholds: ThresholdsFile,
    /// The folder for the JSON reports.
    #[arg(long, value_name = "DIR", default_value = REPORTS_FOLDER)]
    pub report_dir: PathBuf,
    /// Write no reports.
    #[arg(long)]
    pub no_save: bool,
    /// Engines that have to be measured: one that is not available fails the verdict instead of being NOT RUN.
    #[arg(long, value_name = "ENGINE,…", value_delimiter = ',')]
    pub require: Vec<String>,
}

/// Where the limits are.
#[derive(Debug, Args)]
pub struct ThresholdsFile {
    /// The limits [default: baselines/thresholds.toml, where it exists].
    #[arg(long = "thresholds", value_name = "FILE")]
    pub path: Option<PathBuf>,
}

/// Where the baselines are.
#[derive(Debug, Clone, Args)]
pub struct BaselinesFolder {
    /// The folder of the named baselines.
    #[arg(long = "baselines", value_name = "DIR", default_value = BASELINES_FOLDER)]
    pub folder: PathBuf,
}

/// What can be done with baselines.
#[derive(Debug, Subcommand)]
pub enum BaselineVerb {
    /// List named baselines, and those that Criterion itself saved.
    List(BaselineArgs),
    /// Show one baseline's environment and numbers.
    Show {
        /// Its name.
        name: BaselineName,
        #[command(flatten)]
        places: BaselineArgs,
    },
    /// Write one baseline as JSON: a named one, or one that Criterion saved (`--save-baseline`).
    Export {
        /// Its name.
        name: BaselineName,
        /// The file to write [default: standard output].
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        places: BaselineArgs,
    },
    /// Take an exported baseline in as a named one.
    Import {
        /// The file to read, or `-` for standard input.
        file: PathBuf,
        /// Give it this name instead of its own.
        #[arg(long)]
        name: Option<BaselineName>,
        /// Replace a baseline of that name.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        places: BaselineArgs,
    },
}

/// Where baselines are looked for.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    #[command(flatten)]
    pub named: BaselinesFolder,
    /// The Criterion home with Criterion's own saved baselines.
    #[arg(long, value_name = "DIR")]
    pub criterion_home: Option<PathBuf>,
}
