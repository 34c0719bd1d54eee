//! What is said about a judgement: on the console, and in three JSON files.
//!
//! A comparison with a baseline has its seat in both (`comparison`, null while none was made).

pub mod console;
pub mod json;
mod summary;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::benchmark::Benchmark;
use super::environment::Environment;
use super::error::Error;
use super::judge::Judgement;
use super::store;
use super::threshold::Thresholds;

pub use summary::Summary;

/// Where the reports go unless another folder is named.
pub const REPORTS_FOLDER: &str = "test_reports";

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
    /// Where and when.
    pub environment: &'a Environment,
    /// The Criterion home that was read.
    pub home: &'a Path,
    /// How long the categories took, where this program ran them.
    pub times: &'a [CategoryTime],
}

/// Writes the three JSON reports into `folder`, and returns their paths.
///
/// # Errors
/// The folder cannot be made or written to.
pub fn save(report: &Report<'_>, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let stamp = free_stamp(folder, &jiff::ZonedDateTime::now().strftime("%Y%m%d_%H%M%S").to_string());
    let paths = [benchmark_report(folder, &stamp), detailed_results(folder, &stamp), thresholds_file(folder)];
    store::write_json(&paths[0], &json::BenchmarkReport::new(report))?;
    store::write_json(&paths[1], &json::DetailedResults::new(report))?;
    store::write_json(&paths[2], &json::PerformanceBaselines::new(report.thresholds))?;
    Ok(paths.to_vec())
}

fn benchmark_report(folder: &Path, stamp: &str) -> PathBuf {
    folder.join(format!("performance_benchmark_report_{stamp}.json"))
}

fn detailed_results(folder: &Path, stamp: &str) -> PathBuf {
    folder.join(format!("performance_detailed_results_{stamp}.json"))
}

fn thresholds_file(folder: &Path) -> PathBuf {
    folder.join("performance_baselines.json")
}

/// `stamp`, with a number behind it where a report of the same second is there already.
fn free_stamp(folder: &Path, stamp: &str) -> String {
    let numbered = (2..).map(|number| format!("{stamp}_{number}"));
    let mut candidates = std::iter::once(stamp.to_owned()).chain(numbered);
    candidates.find(|stamp| !benchmark_report(folder, stamp).exists()).unwrap_or_default()
}
