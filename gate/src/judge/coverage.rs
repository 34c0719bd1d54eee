//! How much of what is there was judged, and why the rest was not: the first line of every report.

use std::fmt;

use serde::Serialize;

use super::row;
use crate::model::benchmark::{Benchmark, Counted, Estimate, Throughput};
use crate::model::unit::{self, Quantity};

/// Benchmarks that were not judged, counted by reason.
pub type NotJudged = Vec<(usize, &'static str)>;

/// How many benchmarks were judged, of how many that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Those that were judged.
    pub judged: usize,
    /// Those that there are.
    pub total: usize,
    /// Those that were not, counted by reason.
    pub left_out: NotJudged,
}

impl Coverage {
    /// The coverage where each of `left_out` is so many benchmarks and why.
    #[must_use]
    pub fn new(judged: usize, mut left_out: NotJudged) -> Self {
        left_out.retain(|(count, _)| *count > 0);
        let total = judged + left_out.iter().map(|(count, _)| count).sum::<usize>();
        Self { judged, total, left_out }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}, {}", self.judged, self.total, self.left_out())
    }
}

impl Coverage {
    /// How many were left out, and why.
    #[must_use]
    pub fn left_out(&self) -> String {
        let left_out = self.total - self.judged;
        let reasons = self.left_out.iter().map(|(count, why)| format!("{count} {why}"));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        if reasons.is_empty() {
            format!("left out {left_out}")
        } else {
            format!("left out {left_out} ({reasons})")
        }
    }
}

/// A benchmark that no metric judges. Criterion stores no unit: what it counts by default is nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unmatched {
    /// The benchmark's id.
    pub id: String,
    /// The mean, as Criterion stored it.
    pub mean: f64,
    /// What an iteration works through, where the bench declares it.
    #[serde(skip)]
    pub throughput: Option<Throughput>,
}

impl From<&Benchmark> for Unmatched {
    fn from(benchmark: &Benchmark) -> Self {
        let Benchmark { id, throughput, estimates, .. } = benchmark;
        Self { id: id.clone(), mean: estimates.mean.point, throughput: *throughput }
    }
}

impl Unmatched {
    /// Its mean time, and what it works through in a second, in words.
    #[must_use]
    pub fn shown(&self) -> (String, String) {
        let rate = |(counted, count): (Counted, f64)| {
            let rate = Estimate::exact(self.mean).per(count * row::NANOSECONDS_IN_A_SECOND).point;
            unit::show(Quantity::Rate(counted), rate)
        };
        let declared = self.throughput.into_iter().flat_map(Throughput::declared);
        (unit::show(Quantity::Time, self.mean), declared.map(rate).collect::<Vec<_>>().join(", "))
    }
}
