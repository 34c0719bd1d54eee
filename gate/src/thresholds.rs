//! Absolute limits, and what comparisons are held to: `baselines/thresholds.toml`, read once and checked whole.

mod file;
mod metric;
mod pattern;
pub mod policies;
pub mod policy;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::error::Error;

pub use metric::{Better, Kind, Metric, MetricLimits, Statistic};
pub use pattern::IdPattern;
pub use policy::{Accepted, ChangeLimits, Margin, Policy};

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

/// Where the limits of a project are kept.
pub const THRESHOLDS_FILE: &str = "baselines/thresholds.toml";

impl Thresholds {
    /// The limits of the file `named`, else of [`THRESHOLDS_FILE`] where this folder has one, else none.
    ///
    /// # Errors
    /// As [`Thresholds::load`].
    pub fn found(named: Option<&Path>) -> Result<Self, Error> {
        let here = Path::new(THRESHOLDS_FILE);
        let path = named.or_else(|| here.exists().then_some(here));
        path.map_or_else(|| Ok(file::nothing()), Self::load)
    }

    /// Reads and checks `path`.
    ///
    /// # Errors
    /// The file cannot be read, is not UTF-8 or not TOML, has an unknown key, a unit that does not exist, limits in
    /// the wrong order or twice for one id, or no metric at all; with the line.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.split(|byte| *byte == b'\n').count();
            Error::Threshold { path: path.to_owned(), line, problem: "not UTF-8, expected TOML".to_owned() }
        })?;
        file::parse(path, &text)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(ids: &[&str]) -> Thresholds {
        let metrics = ids.iter().map(|id| {
            format!("[[metric]]\nid = \"{id}\"\nname = \"n\"\nunit = \"s\"\nbetter = \"lower\"\nbaseline = 1\nwarning = 2\ncritical = 3\n")
        });
        file::parse(Path::new("t.toml"), &format!("schema_version = 1\n{}", metrics.collect::<String>()))
            .unwrap()
    }

    #[test]
    fn the_most_specific_id_judges_and_the_first_of_equals() {
        let all = thresholds(&["**", "api/*", "api/a", "api/*b", "api/b*"]);
        let judging = |id| {
            let judging = all.judging(&all.matching(id)).into_iter().map(|at| all.metrics[at].id.to_string());
            let judging = judging.collect::<Vec<_>>();
            assert_eq!(all.policy(id).unwrap().id.as_str(), judging[0]);
            judging
        };
        assert_eq!(judging("api/a"), ["api/a"]);
        assert_eq!(judging("api/c"), ["api/*"]);
        assert_eq!(judging("api/bb"), ["api/*b"]);
        assert_eq!(judging("web/b"), ["**"]);
    }
}
