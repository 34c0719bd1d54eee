//! What a report is made of, and what a format is.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::judge::{Compared, Judgement};
use crate::metadata::Engine;
use crate::model::benchmark::Benchmark;
use crate::model::environment::LazyEnvironment;
use crate::thresholds::Thresholds;

/// How long a category took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryTime {
    /// The category.
    pub category: String,
    /// From its process's start to its end.
    pub elapsed: Duration,
}

/// Everything that a report is made of.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was found.
    pub judgement: &'a Judgement,
    /// What it was found in.
    pub benchmarks: &'a [Benchmark],
    /// What it was held against.
    pub thresholds: &'a Thresholds,
    /// Where and when; asked for only if it is written.
    pub environment: &'a LazyEnvironment,
    /// The Criterion home that was read.
    pub home: &'a Path,
    /// How long the categories took, where this program ran them.
    pub times: &'a [CategoryTime],
    /// The engines that were measured.
    pub engines: &'a [Engine],
}

/// A format.
pub trait Exporter {
    /// Writes what `check` and `run` found.
    ///
    /// # Errors
    /// `out` cannot be written to.
    fn judgement(&self, out: &mut dyn Write, report: &Report<'_>) -> io::Result<()>;

    /// Writes what `compare` and `ab` found.
    ///
    /// # Errors
    /// `out` cannot be written to.
    fn comparison(&self, out: &mut dyn Write, compared: &Compared) -> io::Result<()>;
}
