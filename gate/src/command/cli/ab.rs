//! What can be typed about measuring two revisions, and about calibrating.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::builder::Resettable;
use clap::{Arg, Args, ValueEnum, value_parser};

use super::compare::alpha;
use super::{BaselinesFolder, ComparisonArgs};
use crate::measure::cargo::Selection;
use crate::measure::interleave::ProcessContext;
use crate::measure::process::Interrupt;
use crate::measure::run::Processor;
use crate::model::error::Error;
use crate::model::filter::IdFilter;
use crate::report::REPORTS_FOLDER;
use crate::stats::{ALPHA, MARGIN};
use crate::thresholds::Margin;

/// What `ab` takes.
#[derive(Debug, Args)]
#[command(override_usage = "bench-gate ab [OPTIONS] [BASE_REV] [HEAD_REV|worktree] [TARGET]...")]
#[command(mut_args = without_base)]
pub struct AbArgs {
    /// The revision to compare with, a branch (whose merge base with the head is taken), a tag or a commit [default: the
    /// default branch]; the revision to judge, or `worktree` for the files as they are [default: HEAD]; bench targets
    /// [default: all].
    #[arg(value_name = "BASE_REV|HEAD_REV|worktree|TARGET")]
    pub words: Vec<String>,
    /// Compare with the last commit of the branch, and not with the last one that it shares with the head.
    #[arg(long)]
    pub base_tip: bool,
    /// Measure one benchmark, or those whose ids begin with these parts; `*` stands for one part.
    #[arg(long, value_name = "ID")]
    pub filter: Option<IdFilter>,
    #[command(flatten)]
    pub effort: EffortArgs,
    /// The most pairs of runs that a row gets.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub pairs_max: usize,
    /// Margins and acknowledgements [default: baselines/thresholds.toml, where it exists].
    #[arg(long, value_name = "FILE")]
    pub thresholds: Option<PathBuf>,
    /// Print the comparison as JSON, and the progress on the error stream.
    #[arg(long)]
    pub json: bool,
    /// The folder for the JSON report.
    #[arg(long, value_name = "DIR", default_value = REPORTS_FOLDER)]
    pub report_dir: PathBuf,
    /// Write no report.
    #[arg(long)]
    pub no_save: bool,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    #[command(flatten)]
    pub baselines: BaselinesFolder,
}

/// What `calibrate` takes.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Bench targets; all of them if none is named.
    #[arg(value_name = "TARGET")]
    pub categories: Vec<String>,
    /// Measure one benchmark, or those whose ids begin with these parts; `*` stands for one part.
    #[arg(long, value_name = "ID")]
    pub filter: Option<IdFilter>,
    /// Comparisons of everything with itself.
    #[arg(long, value_name = "N", default_value = "10", value_parser = value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// Pairs of runs in each.
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub pairs: usize,
    #[command(flatten)]
    pub effort: EffortArgs,
    /// The margin at which the false alarms are counted, where thresholds.toml names none.
    #[arg(long, value_name = "MARGIN", default_value_t = Margin::Fraction(MARGIN))]
    pub margin: Margin,
    /// The share of comparisons that may hold a wrong claim about any row.
    #[arg(long, value_name = "ALPHA", default_value_t = ALPHA, value_parser = alpha)]
    pub alpha: f64,
    /// Margins [default: baselines/thresholds.toml, where it exists].
    #[arg(long, value_name = "FILE")]
    pub thresholds: Option<PathBuf>,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub baselines: BaselinesFolder,
}

/// How long, and in which order.
#[derive(Debug, Clone, Args)]
pub struct EffortArgs {
    /// The time for measuring, builds not counted: `10m`, `90s`, `1h 30m`.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = time)]
    pub budget: Duration,
    /// The seed of the order in which the sides run [default: another each time].
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// The processors that each bench process gets. On one it repeats itself much better, and contention does not show.
    #[arg(long, value_name = "WHICH", default_value = "one")]
    pub processors: Processors,
}

/// The processors that a bench process gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Processors {
    /// The last one of the machine.
    One,
    /// All of them.
    All,
}

impl EffortArgs {
    /// The seed of the order: one at random where none was given, so another each time.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32))
    }

    /// What holds for every process that keeps its files in `scratch`, from `started` on.
    pub(crate) fn context<'a>(
        &self,
        scratch: &'a Path,
        interrupt: &'a Interrupt,
        processor: Option<Processor>,
        started: Instant,
    ) -> ProcessContext<'a> {
        ProcessContext { scratch, interrupt, processor, deadline: started + self.budget }
    }

    /// The processor that each process is pinned to, if any.
    pub(crate) fn processor(&self) -> Result<Option<Processor>, Error> {
        match self.processors {
            Processors::One => Processor::last().map_err(Error::io("find", Path::new("a processor"))),
            Processors::All => Ok(None),
        }
    }
}

/// The options of a comparison are for every `ab`: it compares with something also where no base is named.
fn without_base(arg: Arg) -> Arg {
    arg.requires(Resettable::Reset)
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| "expected a time above zero, as in `10m`, `90s` or `1h`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_is_above_zero() {
        let seconds = |text: &str| time(text).map(|time| time.as_secs());
        assert_eq!((seconds("10m"), seconds("90s"), seconds("1h 30m")), (Ok(600), Ok(90), Ok(5400)));
        for text in ["", "10", "0s", "-5m", "ten minutes", "1e9y"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
