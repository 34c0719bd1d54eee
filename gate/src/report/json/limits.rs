//! Metrics and promises as the reports write them, and what was found of each.

use serde::Serialize;

use crate::judge::{MetricRow, Severity};
use crate::model::benchmark::category_of;
use crate::thresholds::{Better, Metric, MetricLimits, Statistic};

/// What is judged, and by which of its numbers.
#[derive(Debug, Serialize)]
struct Judged<'a> {
    id: &'a str,
    name: &'a str,
    unit: String,
    better: Better,
    statistic: Statistic,
    size: Option<u64>,
    at_least: usize,
}

impl<'a> From<&'a Metric> for Judged<'a> {
    fn from(metric: &'a Metric) -> Self {
        Self {
            id: metric.id.as_str(),
            name: &metric.name,
            unit: metric.unit.to_string(),
            better: metric.better,
            statistic: metric.statistic,
            size: metric.size,
            at_least: metric.at_least,
        }
    }
}

/// A `[[metric]]` as it stands in `thresholds.toml`.
#[derive(Debug, Serialize)]
pub(super) struct Graded<'a> {
    #[serde(flatten)]
    judged: Judged<'a>,
    baseline: f64,
    warning: f64,
    critical: f64,
}

impl<'a> Graded<'a> {
    /// `metric`, if it is one that grades.
    pub(super) fn new(metric: &'a Metric) -> Option<Self> {
        let MetricLimits::Graded { baseline, warning, critical } = metric.limits else { return None };
        Some(Self { judged: Judged::from(metric), baseline, warning, critical })
    }
}

/// An `[[sla]]` as it stands in `thresholds.toml`.
#[derive(Debug, Serialize)]
pub(super) struct Promise<'a> {
    #[serde(flatten)]
    judged: Judged<'a>,
    limit: f64,
    inclusive: bool,
}

impl<'a> Promise<'a> {
    /// `metric`, if it is one that promises.
    pub(super) fn new(metric: &'a Metric) -> Option<Self> {
        let MetricLimits::Promised { limit, inclusive } = metric.limits else { return None };
        Some(Self { judged: Judged::from(metric), limit, inclusive })
    }
}

/// What a row is worth, in its metric's unit.
#[derive(Debug, Serialize)]
struct Found<'a> {
    id: &'a str,
    category: &'a str,
    value: f64,
    lower: f64,
    upper: f64,
    judged: f64,
    scaled_from: Option<u64>,
}

impl<'a> From<&'a MetricRow> for Found<'a> {
    fn from(row: &'a MetricRow) -> Self {
        let in_unit = |stored: f64| row.metric.unit.from_stored(stored);
        Self {
            id: &row.id,
            category: category_of(&row.id),
            value: in_unit(row.value.point),
            lower: in_unit(row.value.lower),
            upper: in_unit(row.value.upper),
            judged: in_unit(row.judged()),
            scaled_from: row.scaled_from,
        }
    }
}

/// A graded row.
#[derive(Debug, Serialize)]
pub(super) struct MetricResult<'a> {
    #[serde(flatten)]
    found: Found<'a>,
    severity: Severity,
    passed: bool,
    limits: Graded<'a>,
}

impl<'a> MetricResult<'a> {
    pub(super) fn new(row: &'a MetricRow) -> Option<Self> {
        let (found, limits) = (Found::from(row), Graded::new(&row.metric)?);
        Some(Self { found, severity: row.severity, passed: row.severity.passes(), limits })
    }
}

/// A promised row.
#[derive(Debug, Serialize)]
pub(super) struct SlaResult<'a> {
    #[serde(flatten)]
    found: Found<'a>,
    kept: bool,
    promise: Promise<'a>,
}

impl<'a> SlaResult<'a> {
    pub(super) fn new(row: &'a MetricRow) -> Option<Self> {
        let (found, promise) = (Found::from(row), Promise::new(&row.metric)?);
        Some(Self { found, kept: row.severity.passes(), promise })
    }
}
