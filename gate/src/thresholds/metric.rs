//! A metric: which benchmarks, which of their numbers, and the limits that it is held against.

use serde::{Deserialize, Serialize};

use super::IdPattern;
use crate::model::unit::Unit;

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

    /// By how much `ratio`, of the head to the base, is worse: above one where it is.
    #[must_use]
    pub fn worsening(self, ratio: f64) -> f64 {
        match self {
            Self::Lower => ratio,
            Self::Higher => 1.0 / ratio,
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

/// Which list of limits a metric stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `[[metric]]`: what a category should reach.
    Metric,
    /// `[[sla]]`: what users were promised.
    Sla,
}

/// What an estimate is held against, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricLimits {
    /// Of a `[[metric]]`: three limits, by which it is graded. None of them is on its own good side.
    Graded {
        /// The target.
        baseline: f64,
        /// Where degradation begins.
        warning: f64,
        /// What fails the run.
        critical: f64,
    },
    /// Of an `[[sla]]`: one limit, which is kept or broken.
    Promised {
        /// The limit.
        limit: f64,
        /// Whether the limit itself keeps the promise, as in ">= 99.9 %".
        inclusive: bool,
    },
}

/// The absolute limits of one or more benchmarks.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The benchmarks that it judges.
    pub id: IdPattern,
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
    pub limits: MetricLimits,
}

impl Metric {
    /// Which list it stands in.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.limits {
            MetricLimits::Graded { .. } => Kind::Metric,
            MetricLimits::Promised { .. } => Kind::Sla,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Better;

    #[test]
    fn limits_are_strict() {
        assert!(Better::Lower.holds(0.9, 1.0) && !Better::Lower.holds(1.0, 1.0));
        assert!(Better::Higher.holds(1.1, 1.0) && !Better::Higher.holds(1.0, 1.0));
    }
}
