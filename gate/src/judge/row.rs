//! One metric against one benchmark.

use std::sync::Arc;

use super::Severity;
use crate::model::benchmark::{Benchmark, Estimate, Throughput};
use crate::model::error::Error;
use crate::model::unit::Quantity;
use crate::thresholds::{Better, Kind, Metric, MetricLimits, Statistic};

pub(super) const NANOSECONDS_IN_A_SECOND: f64 = 1e9;

/// One metric judged on one benchmark. Values are as stored: nanoseconds, bytes, events in a second, or numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRow {
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

impl MetricRow {
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
            (MetricLimits::Promised { limit, .. }, _) => limit,
            (MetricLimits::Graded { baseline, .. }, Severity::Info) => baseline,
            (MetricLimits::Graded { warning, .. }, Severity::Low) => warning,
            (MetricLimits::Graded { critical, .. }, Severity::Medium | Severity::Critical) => critical,
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
            MetricLimits::Graded { .. } => format!("{sign} {shown}"),
            MetricLimits::Promised { inclusive, .. } => {
                let limit = if unit.quantity().is_rate() { shown } else { written };
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
        MetricLimits::Graded { baseline, .. } if holds(baseline) => Severity::Info,
        MetricLimits::Graded { warning, .. } if holds(warning) => Severity::Low,
        MetricLimits::Graded { critical, .. } if holds(critical) => Severity::Medium,
        MetricLimits::Promised { limit, .. } if holds(limit) => Severity::Info,
        #[expect(clippy::float_cmp, reason = "the very number that was promised")]
        MetricLimits::Promised { limit, inclusive: true } if stored == in_units(limit) => Severity::Info,
        MetricLimits::Graded { .. } | MetricLimits::Promised { .. } => Severity::Critical,
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
            return Ok((estimates.mean.per(count * NANOSECONDS_IN_A_SECOND), None));
        }
    };
    let Some(size) = metric.size else { return Ok((value, None)) };
    let declared = declared(metric, benchmark)?.size();
    let scaled_from = (declared != size).then_some(declared);
    Ok((value.times(size as f64 / declared as f64), scaled_from))
}

/// How many of what the metric's unit counts an iteration works through.
fn count(metric: &Metric, benchmark: &Benchmark) -> Result<f64, Error> {
    let declared = declared(metric, benchmark)?;
    let counted = match metric.unit.quantity() {
        Quantity::Rate(counted) => declared.count(counted),
        Quantity::Time | Quantity::Bytes | Quantity::Number => None,
    };
    counted.ok_or_else(|| {
        let problem =
            format!("its unit is {}, and the benchmark declares {declared} an iteration", metric.unit);
        unjudgeable(metric, benchmark, &problem)
    })
}

fn declared(metric: &Metric, benchmark: &Benchmark) -> Result<Throughput, Error> {
    let unjudgeable = |problem: &str| unjudgeable(metric, benchmark, problem);
    match benchmark.throughput {
        Some(declared) if declared.declared().any(|(_, count)| count == 0.0) => {
            Err(unjudgeable(&format!("it declares {declared} an iteration, and zero is no throughput")))
        }
        Some(declared) => Ok(declared),
        None => Err(unjudgeable("the metric judges by size or throughput, and the benchmark declares none")),
    }
}

fn unjudgeable(metric: &Metric, benchmark: &Benchmark, problem: &str) -> Error {
    Error::Unjudgeable {
        metric: metric.id.to_string(),
        id: benchmark.id.clone(),
        problem: problem.to_owned(),
    }
}
