//! The counts of a judgement, worked out once for console and JSON alike.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{CategoryTime, Report};
use crate::judge::{Judgement, Severity};
use crate::model::benchmark::category_of;
use crate::thresholds::Kind;

/// How many, of what, how severe. Promises are counted apart, in `service_level` alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Rows that were judged and metrics that could not be.
    pub total: usize,
    /// Rows at INFO or LOW.
    pub passed: usize,
    /// Rows at MEDIUM or CRITICAL.
    pub failed: usize,
    /// Metrics without a fresh result, including those whose engine is not available.
    pub not_run: usize,
    /// Passed rows in percent of judged ones; null where nothing was judged.
    pub pass_rate: Option<f64>,
    /// The pass rate that was wanted.
    pub min_pass_rate: f64,
    /// Seconds that a category took on average; null where this program did not run them.
    pub average_duration_s: Option<f64>,
    /// Rows of each severity.
    pub severities: BTreeMap<Severity, usize>,
    /// The promises.
    pub service_level: ServiceLevel,
    /// Each category's counts, in order of appearance.
    pub categories: Vec<CategorySummary>,
}

/// The counts of the service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServiceLevel {
    /// Promises that were kept.
    pub kept: usize,
    /// Promises that were broken.
    pub broken: usize,
    /// Promises without a fresh result.
    pub not_run: usize,
}

impl ServiceLevel {
    /// The counts of `judgement`.
    #[must_use]
    pub fn new(judgement: &Judgement) -> Self {
        let kept = judgement.promised().filter(|row| row.severity.passes()).count();
        Self {
            kept,
            broken: judgement.promised().count() - kept,
            not_run: judgement.missing.iter().filter(|missing| missing.kind == Kind::Sla).count(),
        }
    }

    /// How many promises there are.
    #[must_use]
    pub fn total(self) -> usize {
        self.kept + self.broken + self.not_run
    }
}

/// The counts of one category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CategorySummary {
    /// The category.
    pub name: String,
    /// Rows at INFO or LOW.
    pub passed: usize,
    /// Rows that were judged, and metrics that should have been.
    pub total: usize,
    /// Metrics whose engine is not available; they are not in `total`.
    pub not_run: usize,
    /// Seconds it took; null where this program did not run it.
    pub duration_s: Option<f64>,
    /// Whether it could run to its end.
    pub completed: bool,
}

impl Summary {
    /// The counts of what `report` reports.
    #[must_use]
    pub fn new(report: &Report<'_>) -> Self {
        let judgement = report.judgement;
        let (graded, passed) = (judgement.graded().count(), judgement.passed());
        let unavailable: usize = judgement.not_run.iter().map(|not_run| not_run.metrics).sum();
        let missing = judgement.missing.iter().filter(|missing| missing.kind == Kind::Metric);
        let not_run = missing.count() + unavailable;
        Self {
            total: graded + not_run,
            passed,
            failed: graded - passed,
            not_run,
            pass_rate: judgement.pass_rate(),
            min_pass_rate: judgement.min_pass_rate,
            average_duration_s: average(report.times),
            severities: Severity::ALL.map(|severity| (severity, judgement.count(severity))).into(),
            service_level: ServiceLevel::new(judgement),
            categories: categories(judgement, report.times),
        }
    }
}

fn average(times: &[CategoryTime]) -> Option<f64> {
    let total: Duration = times.iter().map(|time| time.elapsed).sum();
    (!times.is_empty()).then(|| total.as_secs_f64() / times.len() as f64)
}

fn categories(judgement: &Judgement, times: &[CategoryTime]) -> Vec<CategorySummary> {
    judgement.categories().into_iter().map(|category| category_summary(judgement, times, category)).collect()
}

fn category_summary(judgement: &Judgement, times: &[CategoryTime], category: &str) -> CategorySummary {
    let rows = || judgement.graded().filter(|row| category_of(&row.id) == category);
    let missing = judgement.missing.iter().filter(|missing| missing.kind == Kind::Metric);
    let missing = missing.filter(|missing| category_of(&missing.id) == category);
    let not_run = judgement.not_run.iter().filter(|not_run| category_of(&not_run.id) == category);
    let time = times.iter().find(|time| time.category == category);
    CategorySummary {
        name: category.to_owned(),
        passed: rows().filter(|row| row.severity.passes()).count(),
        total: rows().count() + missing.count(),
        not_run: not_run.map(|not_run| not_run.metrics).sum(),
        duration_s: time.map(|time| time.elapsed.as_secs_f64()),
        completed: !judgement.failures.iter().any(|failure| failure.category == category),
    }
}
