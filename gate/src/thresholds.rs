//! Absolute limits, and what comparisons are held to: `baselines/thresholds.toml`, read once and checked whole.

mod engines;
mod file;
mod limits;
pub mod policies;
pub mod policy;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::benchmark::category_of;
use crate::model::error::Error;
use crate::model::unit::Unit;

pub use limits::{Kind, Limits};
pub use policy::{Accepted, Margin, Policy};

/// Whether low or high values are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Times, bytes: below the limit is good.
    Lower,
    /// Rates, hit rates, users: above the limit is good.
    Higher,
}

impl Better {
    /// Whether `value` is on the good side of `limit`, which is not on it itself, as in "<30s".
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Lower => value < limit,
            Self::Higher => value > limit,
        }
    }

    /// The sign that stands before a limit.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Lower => '<',
            Self::Higher => '>',
        }
    }
}

/// Which of a benchmark's estimates a metric judges, and which number a run gives in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Statistic {
    /// 10th percentile of the samples. Criterion estimates no interval for it.
    P10,
    /// Arithmetic mean.
    Mean,
    /// Median.
    Median,
    /// What Criterion shows: the slope where there is one, else the mean.
    Typical,
    /// The benchmark's declared elements or bytes in each second, by the mean.
    Throughput,
}

/// The absolute limits of one or more benchmarks.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// A benchmark's id, in which `*` stands for one part between slashes.
    pub id: String,
    /// The engine that it is about, where the file names it: in braces (`database/{sqlite,postgres}/query/*`), or by
    /// `engine`.
    pub engine: Option<String>,
    /// What people call it.
    pub name: String,
    /// The unit of the limits.
    pub unit: Unit,
    /// Which side is good.
    pub better: Better,
    /// Which estimate is judged.
    pub statistic: Statistic,
    /// The elements (or bytes) an iteration has that the limits were written for; `None` judges as it is.
    pub size: Option<u64>,
    /// The fewest benchmarks that the id has to name: a pattern that lost some is not answered by the others.
    pub at_least: usize,
    /// What it is held against.
    pub limits: Limits,
}

impl Metric {
    /// Which list it stands in.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.limits {
            Limits::Graded { .. } => Kind::Metric,
            Limits::Promised { .. } => Kind::Sla,
        }
    }

    /// The first part of the id.
    #[must_use]
    pub fn category(&self) -> &str {
        category_of(&self.id)
    }

    /// Whether this metric's id names `benchmark`.
    #[must_use]
    pub fn matches(&self, benchmark: &str) -> bool {
        names(&self.id, benchmark)
    }

    /// Whether the id names one benchmark and no pattern.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        is_exact(&self.id)
    }
}

/// Whether `pattern`, in which `*` stands for one part, names `benchmark`.
fn names(pattern: &str, benchmark: &str) -> bool {
    let (mut pattern, mut parts) = (pattern.split('/'), benchmark.split('/'));
    loop {
        match (pattern.next(), parts.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
}

fn is_exact(id: &str) -> bool {
    !id.split('/').any(|part| part == "*")
}

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
    /// What is known to be worse or gone.
    pub accepted: Vec<Accepted>,
}

/// Where the limits of a project are kept.
pub const THRESHOLDS_FILE: &str = "baselines/thresholds.toml";

impl Thresholds {
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
        for category in self.metrics.iter().map(|metric| metric.category()) {
            if !seen.contains(&category) {
                seen.push(category);
            }
        }
        seen
    }

    /// What comparisons hold the benchmark `id` to: the metric of that very id, else the first whose pattern names it.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&Policy> {
        let exact = self.policies.iter().find(|policy| policy.id == id);
        exact.or_else(|| self.policies.iter().find(|policy| policy.matches(id)))
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
        metrics.filter(|(_, metric)| metric.matches(id)).map(|(position, _)| position).collect()
    }

    /// Those of the `matching` metrics that judge: of each kind the one without a `*`, else every pattern.
    #[must_use]
    pub fn judging(&self, matching: &[usize]) -> Vec<usize> {
        let metric = |position: &usize| &self.metrics[*position];
        let outdone = |position: &&usize| {
            let rival =
                |other: &usize| metric(other).kind() == metric(position).kind() && metric(other).is_exact();
            !metric(position).is_exact() && matching.iter().any(rival)
        };
        matching.iter().filter(|position| !outdone(position)).copied().collect()
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
    fn a_star_stands_for_one_part() {
        let metric = &thresholds(&["api/*/x"]).metrics[0];
        assert!(metric.matches("api/a/x"));
        let others = ["api/x", "api/a/b/x", "api/a/x/y", "web/a/x", ""];
        assert!(others.iter().all(|id| !metric.matches(id)));
    }

    #[test]
    fn an_exact_id_goes_before_a_pattern() {
        let all = thresholds(&["api/*", "api/a"]);
        let judging = |id| {
            all.judging(&all.matching(id)).iter().map(|at| all.metrics[*at].id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(judging("api/a"), ["api/a"]);
        assert_eq!(judging("api/b"), ["api/*"]);
        assert!(judging("web/b").is_empty());
    }

    #[test]
    fn limits_are_strict() {
        assert!(Better::Lower.holds(0.9, 1.0) && !Better::Lower.holds(1.0, 1.0));
        assert!(Better::Higher.holds(1.1, 1.0) && !Better::Higher.holds(1.0, 1.0));
    }
}
