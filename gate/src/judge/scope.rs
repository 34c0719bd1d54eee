//! What is to be judged, and what of that could not run.

use serde::{Deserialize, Serialize};

use super::coverage::NotJudged;
use crate::metadata::EngineMetadata;
use crate::model::benchmark::category_of;
use crate::model::filter::IdFilter;
use crate::thresholds::Metric;

/// A category that could not run to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The category.
    pub category: String,
    /// How it ended: its exit code or signal.
    pub reason: String,
    /// The last lines that it printed.
    pub output: Vec<String>,
}

/// What is to be judged: all categories, or some, of which some may have failed to run.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The categories asked for; empty means all.
    pub categories: Vec<String>,
    /// The benchmarks asked for; `None` means all of these categories.
    pub filter: Option<IdFilter>,
    /// Those that could not run to their end.
    pub failures: Vec<Failure>,
    /// What the benches noted of their engines.
    pub facts: EngineMetadata,
    /// The engines that have to be measured.
    pub required: Vec<String>,
    /// What the source holds and was not read, counted by reason.
    pub left_out: NotJudged,
}

impl Scope {
    /// Whether the benchmark `id` is to be judged.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        let is_in = self.categories.is_empty() || self.categories.iter().any(|it| it == category_of(id));
        is_in && self.filter.as_ref().is_none_or(|filter| filter.holds(id))
    }

    /// Whether `metric` has to have a result. One that is about any category is not asked for by naming some.
    pub(super) fn asks_for(&self, metric: &Metric) -> bool {
        let of_metric = metric.id.category();
        let is_in = self.categories.is_empty()
            || self.categories.iter().any(|category| Some(category.as_str()) == of_metric);
        is_in && self.filter.as_ref().is_none_or(|filter| filter.holds(metric.id.as_str()))
    }
}
