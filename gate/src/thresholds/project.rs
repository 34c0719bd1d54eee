//! All that a project's results are held to, and what of it holds for a benchmark.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Accepted, ChangeLimits, Kind, Metric, Policy};
use crate::model::error::Error;

/// All that a project's results are held to.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// The file they came from.
    pub path: PathBuf,
    /// The share of metrics, in percent, that must pass.
    pub min_pass_rate: f64,
    /// The metrics, in the file's order.
    pub metrics: Vec<Arc<Metric>>,
    /// What comparisons hold benchmarks to, in the file's order.
    pub policies: Vec<Policy>,
    /// The change that is warned of and the one that fails, where a metric has none of its own.
    pub change: ChangeLimits,
    /// What is known to be worse or gone.
    pub accepted: Vec<Accepted>,
}

impl Thresholds {
    /// The categories of all metrics, in order of appearance.
    #[must_use]
    pub fn categories(&self) -> Vec<&str> {
        let mut seen = Vec::new();
        for category in self.metrics.iter().filter_map(|metric| metric.id.category()) {
            if !seen.contains(&category) {
                seen.push(category);
            }
        }
        seen
    }

    /// What comparisons hold the benchmark `id` to: of the metrics that name it the most specific one.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&Policy> {
        let naming = self.policies.iter().filter(|policy| policy.id.matches(id));
        naming.min_by_key(|policy| policy.id.openness())
    }

    /// The engines that metrics are about, in order.
    #[must_use]
    pub fn engines(&self) -> BTreeSet<&str> {
        self.metrics.iter().filter_map(|metric| metric.engine.as_deref()).collect()
    }

    /// Fails on the first of `required` that no metric is about.
    ///
    /// # Errors
    /// [`Error::NoSuchEngine`], with those that there are.
    pub fn refuse_unknown_engines(&self, required: &[String]) -> Result<(), Error> {
        let known = self.engines();
        let available = || {
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.iter().copied().collect::<Vec<_>>().join(", ")
            }
        };
        match required.iter().find(|engine| !known.contains(engine.as_str())) {
            None => Ok(()),
            Some(wanted) => Err(Error::NoSuchEngine { wanted: wanted.clone(), available: available() }),
        }
    }

    /// The metrics that name the benchmark `id`, as positions in [`Thresholds::metrics`].
    #[must_use]
    pub fn matching(&self, id: &str) -> Vec<usize> {
        let metrics = self.metrics.iter().enumerate();
        metrics.filter(|(_, metric)| metric.id.matches(id)).map(|(position, _)| position).collect()
    }

    /// Those of the `matching` metrics that judge: of each kind the most specific, the first of equals.
    #[must_use]
    pub fn judging(&self, matching: &[usize]) -> Vec<usize> {
        let most_specific = |kind| {
            let of_kind = matching.iter().filter(|position| self.metrics[**position].kind() == kind);
            of_kind.min_by_key(|position| self.metrics[**position].id.openness()).copied()
        };
        [Kind::Metric, Kind::Sla].into_iter().filter_map(most_specific).collect()
    }
}
