//! What is said about a judgement or a comparison: one file a format, behind [`Exporter`].
//!
//! A format belongs here; what is found belongs into `judge`. A comparison with a baseline has its place in both formats
//! (`comparison`, null where none was made).

pub(crate) mod console;
mod counts;
mod exporter;
pub(crate) mod json;
mod style;
mod table;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::files::store;
use crate::judge::Compared;
use crate::model::error::Error;

pub(crate) use counts::{ServiceLevel, Summary};
pub use exporter::{CategoryTime, Exporter, Report};

use console::Console;
use json::Json;
use json::comparison::ComparisonReport;

/// Where the reports go unless another folder is named.
pub const REPORTS_FOLDER: &str = "test_reports";

/// The format that was asked for.
#[must_use]
pub(crate) fn exporter(json: bool, quiet: bool) -> Box<dyn Exporter> {
    if json { Box::new(Json) } else { Box::new(Console { quiet }) }
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

/// Writes `compared` into `folder` as `performance_comparison_<timestamp>.json`, and returns its path.
///
/// # Errors
/// The folder cannot be made or written to.
pub fn save_comparison(compared: &Compared, folder: &Path) -> Result<PathBuf, Error> {
    save_stamped(&ComparisonReport::new(compared), "performance_comparison", folder).map(|(_, path)| path)
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
