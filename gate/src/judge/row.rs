//! One metric against one benchmark.

use std::sync::Arc;

use super::Severity;
use crate::model::benchmark::{Benchmark, Estimate};
use crate::model::error::Error;
use crate::model::unit::Quantity;
use crate::thresholds::{Better, Kind, Limits, Metric, Statistic};

const NANOSECONDS_IN_A_SECOND: f64 = 1e9;

/// One metric judged on one benchmark. Values are as stored: nanoseconds, bytes, events in a second, or numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The benchmark's id.
    pub id: String,
    /// The metric that judged it.
    pub metric: Arc<Metric>,
    /// What was judged, scaled to the metric's size where that differs.
    pub value: Estimate,
    /// The elements that the benchmark had, where the value was scaled from them to the metric's `size`.
    pub scaled_from: Option<u64>,
    /// How it stands. A promise that is kept is INFO, one that is broken CRITICAL.
    pub severity: Severity,
}

impl Row {
    /// Judges `benchmark` by `metric`.
    ///
    /// # Errors
    /// The metric needs the benchmark's throughput, and it declares none; or the value is beyond all numbers in the
    /// metric's unit.
    pub fn new(metric: &Arc<Metric>, benchmark: &Benchmark) -> Result<Self, Error> {
        let (value, scaled_from) = measured(metric, benchmark)?;
        refuse_unfit(metric, benchmark, &value)?;
        let (id, metric) = (benchmark.id.clone(), Arc::clone(metric));
        let severity = severity(&metric, lenient_bound(metric.better, &value));
        Ok(Self { id, metric, value, scaled_from, severity })
    }

    /// The end of the interval that favours the benchmark: what is held against the limits.
    #[must_use]
    pub fn judged(&self) -> f64 {
        lenient_bound(self.metric.better, &self.value)
    }

    /// Whether the point estimate alone would have been a worse severity.
    #[must_use]
    pub fn doubted(&self) -> bool {
        severity(&self.metric, self.value.point) != self.severity
    }

    /// Whether it is one of the service level, which is kept or broken, and not graded.
    #[must_use]
    pub fn is_promise(&self) -> bool {
        self.metric.kind() == Kind::Sla
    }

    /// The limit that tells the most: the one that the value holds, or the critical one that it does not.
    #[must_use]
    pub fn limit(&self) -> f64 {
        match (self.metric.limits, self.severity) {
            (Limits::Promised { limit, .. }, _) => limit,
            (Limits::Graded { baseline, .. }, Severity::Info) => baseline,
            (Limits::Graded { warning, .. }, Severity::Low) => warning,
            (Limits::Graded { critical, .. }, Severity::Medium | Severity::Critical) => critical,
        }
    }

    /// The value in words.
    #[must_use]
    pub fn shown_value(&self) -> String {
        self.metric.unit.show(self.value.point)
    }

    /// The limit in words: `< 30 s`. A promise is shown in the unit that it was made in, unless that is a rate.
    #[must_use]
    pub fn shown_limit(&self) -> String {
        let (unit, sign) = (&self.metric.unit, self.metric.better.sign());
        let shown = unit.show(unit.to_stored(self.limit()));
        let written = format!("{} {unit}", self.limit());
        match self.metric.limits {
            Limits::Graded { .. } => format!("{sign} {shown}"),
            Limits::Promised { inclusive, .. } => {
                let limit = if unit.quantity() == Quantity::Rate { shown } else { written };
                format!("{sign}{} {limit}", if inclusive { "=" } else { "" })
            }
        }
    }

    /// How it stands, in a word.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        match (self.is_promise(), self.severity) {
            (false, severity) => severity.name(),
            (true, Severity::Info) => "KEPT",
            (true, _) => "BROKEN",
        }
    }

    /// What is said of a row that fails the verdict.
    #[must_use]
    pub fn failure_message(&self) -> String {
        let (id, name, value, limit) = (&self.id, &self.metric.name, self.shown_value(), self.shown_limit());
        if self.is_promise() {
            format!("service level BROKEN: {name} ({id}): {value}, promised {limit}")
        } else {
            format!("{id} is CRITICAL: {value}, wanted {limit}")
        }
    }
}

/// A rate over next to nothing is infinite, and infinity would pass.
fn refuse_unfit(metric: &Metric, benchmark: &Benchmark, value: &Estimate) -> Result<(), Error> {
    let unfit =
        [value.lower, value.point, value.upper].into_iter().find(|end| !end.is_finite() || *end <= 0.0);
    match unfit {
        None => Ok(()),
        Some(end) => {
            Err(unjudgeable(metric, benchmark, &format!("its value in the metric's unit would be {end}")))
        }
    }
}

fn lenient_bound(better: Better, value: &Estimate) -> f64 {
    match better {
        Better::Lower => value.lower,
        Better::Higher => value.upper,
    }
}

fn severity(metric: &Metric, stored: f64) -> Severity {
    let in_units = |limit: f64| metric.unit.to_stored(limit);
    let holds = |limit: f64| metric.better.holds(stored, in_units(limit));
    match metric.limits {
        Limits::Graded { baseline, .. } if holds(baseline) => Severity::Info,
        Limits::Graded { warning, .. } if holds(warning) => Severity::Low,
        Limits::Graded { critical, .. } if holds(critical) => Severity::Medium,
        Limits::Promised { limit, .. } if holds(limit) => Severity::Info,
        #[expect(clippy::float_cmp, reason = "the very number that was promised")]
        Limits::Promised { limit, inclusive: true } if stored == in_units(limit) => Severity::Info,
        Limits::Graded { .. } | Limits::Promised { .. } => Severity::Critical,
    }
}

/// The value that `metric` judges, and the elements that it was scaled from if it was.
fn measured(metric: &Metric, benchmark: &Benchmark) -> Result<(Estimate, Option<u64>), Error> {
    let estimates = &benchmark.estimates;
    let value = match metric.statistic {
        Statistic::Mean => estimates.mean,
        Statistic::Median => estimates.median,
        Statistic::P10 => Estimate::exact(benchmark.p10),
        Statistic::Typical => estimates.typical(),
        Statistic::Throughput => {
            let count = count(metric, benchmark)?;
            return Ok((estimates.mean.per(count as f64 * NANOSECONDS_IN_A_SECOND), None));
        }
    };
    let Some(size) = metric.size else { return Ok((value, None)) };
    let count = count(metric, benchmark)?;
    let scaled_from = (count != size).then_some(count);
    Ok((value.times(size as f64 / count as f64), scaled_from))
}

fn count(metric: &Metric, benchmark: &Benchmark) -> Result<u64, Error> {
    let unjudgeable = |problem: &str| unjudgeable(metric, benchmark, problem);
    match benchmark.throughput.map(crate::model::benchmark::Throughput::count) {
        Some(0) => Err(unjudgeable("its throughput is zero elements an iteration")),
        Some(count) => Ok(count),
        None => Err(unjudgeable("the metric judges by size or throughput, and the benchmark declares none")),
    }
}

fn unjudgeable(metric: &Metric, benchmark: &Benchmark, problem: &str) -> Error {
    Error::Unjudgeable { metric: metric.id.clone(), id: benchmark.id.clone(), problem: problem.to_owned() }
}
