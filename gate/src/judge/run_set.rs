//! The two sides of a comparison: runs, each with where it comes from and where it was measured.
//!
//! ```text
//! Criterion homes ──┐
//! named baseline  ──┼─> RunSet (RecordedRun, RecordedRun, …) ─┬─> Contrast for each benchmark ──> compare
//! runs just made  ──┘                   Policies ───┘
//! ```
//!
//! Before anything is compared, what cannot be evidence is refused: one process counted twice, different sizes under
//! one id, a benchmark that some runs of a side have and others have not, different machines, toolchains or modes.

mod contrasts;
mod read;
mod refuse;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::files::baseline::{Baseline, Measured};
use crate::model::environment::Environment;

pub use contrasts::{Pairing, contrasts};
pub use read::from_homes;
pub use refuse::{different_environment, refuse_one_home_twice, refuse_unfit};

/// One run: the evidence of one process for each of its benchmarks.
#[derive(Debug, Clone)]
pub struct RecordedRun {
    /// Where it comes from: a folder, or a baseline's name and the run's number.
    pub origin: String,
    /// The folder of its results, where it has one, without links: one folder is one run, by whatever path.
    pub folder: Option<PathBuf>,
    /// Whether `bench-gate` itself measured it in processes of its own: one of a baseline's runs, or one made just now.
    /// Two such runs are two, though their values may be equal.
    pub made_apart: bool,
    /// Where it was measured; `None` where that is unknown.
    pub environment: Option<Environment>,
    /// When it began, where its record says so: no two processes begin at once.
    pub started: Option<jiff::Timestamp>,
    /// Its numbers, by id.
    pub results: Vec<Measured>,
}

/// The base or the head.
#[derive(Debug, Clone)]
pub struct RunSet {
    /// What people call it: `base`, `head`, a baseline.
    pub name: String,
    /// Its runs.
    pub runs: Vec<RecordedRun>,
}

impl RunSet {
    /// The runs of a named baseline, or of one that Criterion saved.
    #[must_use]
    pub fn from_baseline(baseline: Baseline) -> Self {
        let name = format!("baseline `{}`", baseline.name);
        let environment = (!baseline.environment.is_unknown()).then_some(baseline.environment);
        let run = |(at, run): (usize, crate::files::baseline::Run)| RecordedRun {
            origin: format!("{name}, run {}", at + 1),
            folder: None,
            made_apart: true,
            environment: environment.clone(),
            started: None,
            results: run.results,
        };
        let runs = baseline.runs.into_iter().enumerate().map(run).collect();
        Self { name, runs }
    }

    /// Leaves out the benchmarks that `holds` does not hold.
    pub fn retain(&mut self, holds: impl Fn(&str) -> bool) {
        for run in &mut self.runs {
            run.results.retain(|result| holds(&result.id));
        }
    }

    /// The ids of its benchmarks.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        self.runs.iter().flat_map(|run| &run.results).map(|result| result.id.as_str()).collect()
    }

    /// The first environment that is known.
    #[must_use]
    pub fn environment(&self) -> Option<&Environment> {
        self.runs.iter().find_map(|run| run.environment.as_ref())
    }
}
