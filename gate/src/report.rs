//! What is said about a judgement: on the console, and in three JSON files.
//!
//! A comparison with a baseline has its seat in both (`comparison`, null where none was made).

pub mod calibration;
pub mod comparison;
pub mod console;
pub mod json;
mod summary;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::files::store;
use crate::judge::Judgement;
use crate::model::benchmark::Benchmark;
use crate::model::engine_metadata::Engine;
use crate::model::environment::LazyEnvironment;
use crate::model::error::Error;
use crate::thresholds::Thresholds;

pub use summary::{ServiceLevel, Summary};

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
    /// Where and when; asked for only if it is written.
    pub environment: &'a LazyEnvironment,
    /// The Criterion home that was read.
    pub home: &'a Path,
    /// How long the categories took, where this program ran them.
    pub times: &'a [CategoryTime],
    /// The engines that were measured.
    pub engines: &'a [Engine],
}

/// Writes the three JSON reports into `folder`, and returns their paths.
///
/// # Errors
/// The folder cannot be made or written to.
pub fn save(report: &Report<'_>, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    // First the one whose name is not free to choose: if it cannot be written, no half of a set is left.
    let limits = folder.join("performance_baselines.json");
    store::write_json(&limits, &json::PerformanceBaselines::new(report.thresholds))?;
    let (stamp, judged) = save_judgement(report, folder)?;
    let details = folder.join(format!("performance_detailed_results_{stamp}.json"));
    store::write_json(&details, &json::DetailedResults::new(report)?)?;
    Ok(vec![judged, details, limits])
}

/// Writes the judgement under the time.
fn save_judgement(report: &Report<'_>, folder: &Path) -> Result<(String, PathBuf), Error> {
    save_stamped(&json::BenchmarkReport::new(report), "performance_benchmark_report", folder)
}

/// Writes `report` under `name` and the time, with a number behind it where another process was there in the same second.
fn save_stamped(report: &impl Serialize, name: &str, folder: &Path) -> Result<(String, PathBuf), Error> {
    let now = jiff::ZonedDateTime::now();
    let (mut stamp, mut number) = (now.strftime("%Y%m%d_%H%M%S").to_string(), 1);
    loop {
        let path = folder.join(format!("{name}_{stamp}.json"));
        if store::write_new_json(&path, report)? {
            return Ok((stamp, path));
        }
        number += 1;
        stamp = format!("{}_{number}", now.strftime("%Y%m%d_%H%M%S"));
    }
}
