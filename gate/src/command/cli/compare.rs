//! What can be typed about comparisons.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::BaselinesFolder;
use crate::files::baseline::BaselineName;
use crate::model::filter::IdFilter;
use crate::stats::{ALPHA, MARGIN};
use crate::thresholds::Margin;

/// What `compare` takes.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// A Criterion home with one run of the base; once for each run.
    #[arg(long, value_name = "HOME", required = true, num_args = 1.., group = "compares")]
    pub base: Vec<PathBuf>,
    /// A Criterion home with one run of the head; once for each run.
    #[arg(long, value_name = "HOME", required = true, num_args = 1..)]
    pub head: Vec<PathBuf>,
    /// The n-th base and the n-th head were measured side by side and belong together.
    #[arg(long)]
    pub paired: bool,
    /// Take the results that the base homes hold under this name (`cargo bench -- --save-baseline NAME`).
    #[arg(long, value_name = "NAME", default_value = "new")]
    pub base_name: SavedName,
    /// Take the results that the head homes hold under this name.
    #[arg(long, value_name = "NAME", default_value = "new")]
    pub head_name: SavedName,
    /// Only one benchmark, or those whose ids begin with these parts; `*` stands for one part.
    #[arg(long, value_name = "ID")]
    pub filter: Option<IdFilter>,
    /// Margins and acknowledgements [default: baselines/thresholds.toml, where it exists].
    #[arg(long, value_name = "FILE")]
    pub thresholds: Option<PathBuf>,
    /// Print the comparison as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    #[command(flatten)]
    pub baselines: BaselinesFolder,
}

/// What `check` and `run` take of comparisons.
#[derive(Debug, Args)]
pub struct AgainstArgs {
    /// Compare with this baseline as well: a named one, else one that Criterion saved.
    #[arg(long, value_name = "NAME", group = "compares")]
    pub baseline: Option<BaselineName>,
    #[command(flatten)]
    pub comparison: ComparisonArgs,
}

/// What every comparison takes.
#[derive(Debug, Clone, Args)]
pub struct ComparisonArgs {
    /// The change that is tolerated where thresholds.toml names none: a percentage, or `auto` for what `calibrate` found.
    #[arg(long, value_name = "MARGIN", default_value_t = Margin::Fraction(MARGIN), requires = "compares")]
    pub margin: Margin,
    /// The share of comparisons that may hold a wrong claim about any row.
    #[arg(long, value_name = "ALPHA", default_value_t = ALPHA, value_parser = alpha, requires = "compares")]
    pub alpha: f64,
    /// Do not pass while a row is inconclusive (exit 3).
    #[arg(long, requires = "compares")]
    pub strict: bool,
    /// Compare although machine, toolchain, mode or engines differ, and mark every row.
    #[arg(long, requires = "compares")]
    pub allow_different_environment: bool,
}

pub(super) fn alpha(text: &str) -> Result<f64, String> {
    let alpha = text.parse::<f64>().ok().filter(|alpha| *alpha > 0.0 && *alpha < 1.0);
    alpha.ok_or_else(|| "expected a share above 0 and below 1, as in 0.05".to_owned())
}

/// A name under which Criterion keeps results: its own `new` and `base`, or a saved baseline's.
#[derive(Debug, Clone)]
pub struct SavedName(String);

impl FromStr for SavedName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "new" | "base" => Ok(Self(name.to_owned())),
            _ => name
                .parse::<BaselineName>()
                .map(|name| Self(name.into()))
                .map_err(|error| format!("{}\n  help: {}", error.message(), error.remedy())),
        }
    }
}

impl AsRef<str> for SavedName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
