//! What an estimate is held against: three limits that grade it, or one that was promised.

use serde::{Deserialize, Serialize};

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
pub enum Limits {
    /// Of a `[[metric]]`: three limits, by which it is graded. None of them is on its own good side.
    Graded {
        /// The target.
        baseline: f64,
        /// Where degradation begins.
        warning: f64,
        /// What nobody can accept.
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
