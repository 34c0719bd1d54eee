//! Criterion measurements for what a clock cannot see.
//!
//! Criterion stores a bare number per iteration and no unit; the unit a user reads on the console is the
//! formatter's, and the one the gate judges by is declared in `baselines/thresholds.toml`.

use std::time::Duration;

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter};
use hdrhistogram::Histogram;

/// What a replayed number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Nanoseconds, as Criterion's own clock counts, shown in ns, µs, ms or s.
    Time,
    /// Parts of a hundred.
    Percent,
    /// One quantity over another of the same kind.
    Ratio,
    /// Bytes, shown in powers of 1,024.
    Bytes,
    /// Simulated users working at once.
    Users,
    /// Events in each second.
    PerSecond,
    /// A number of things.
    Count,
}

/// A unit's name and how many of the stored unit it holds, from the smallest up.
type Scale = &'static [(&'static str, f64)];

impl Unit {
    fn scale(self) -> Scale {
        match self {
            Self::Time => &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)],
            Self::Percent => &[("%", 1.0)],
            Self::Ratio => &[("x", 1.0)],
            Self::Bytes => &[("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)],
            Self::Users => &[("users", 1.0)],
            Self::PerSecond => &[("/s", 1.0), ("K/s", 1e3), ("M/s", 1e6)],
            Self::Count => &[("", 1.0)],
        }
    }

    /// The largest step of the scale that leaves `typical` at one or above, else the smallest.
    fn step(self, typical: f64) -> (&'static str, f64) {
        let fits = |(_, size): &&(&str, f64)| typical >= *size;
        *self.scale().iter().rev().find(fits).unwrap_or(&self.scale()[0])
    }
}

impl ValueFormatter for Unit {
    fn scale_values(&self, typical_value: f64, values: &mut [f64]) -> &'static str {
        let (name, size) = self.step(typical_value);
        values.iter_mut().for_each(|value| *value /= size);
        name
    }

    fn scale_throughputs(&self, typical: f64, _: &Throughput, values: &mut [f64]) -> &'static str {
        self.scale_values(typical, values)
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        self.scale()[0].0
    }
}

/// The measurement of a replayed series: the value that `iter_custom` returns, in the unit it carries.
#[derive(Debug, Clone, Copy)]
pub struct Replayed(pub Unit);

impl Measurement for Replayed {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) -> Self::Intermediate {}

    /// Nothing is measured between `start` and `end`: values come through `iter_custom` alone.
    fn end(&self, (): Self::Intermediate) -> Self::Value {
        panic!("a replayed series has no clock: record it, then return its values from `iter_custom`")
    }

    fn add(&self, v1: &Self::Value, v2: &Self::Value) -> Self::Value {
        v1 + v2
    }

    fn zero(&self) -> Self::Value {
        0.0
    }

    fn to_f64(&self, value: &Self::Value) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &self.0
    }
}

/// The statistic `of` of each of `samples` stretches of the same length, one after the other. There are at least as many
/// times as samples; those that are too few for another stretch are left out.
pub(crate) fn of_stretches(times: &[Duration], samples: usize, of: impl Fn(&[Duration]) -> f64) -> Vec<f64> {
    times.chunks(times.len() / samples).take(samples).map(of).collect()
}

/// Their mean.
pub(crate) fn mean(times: &[Duration]) -> f64 {
    nanoseconds(times.iter().sum::<Duration>()) / times.len() as f64
}

/// The time that `percent` in a hundred kept to, to three digits.
pub(crate) fn percentile(times: &[Duration], percent: u8) -> f64 {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are in hdrhistogram's range");
    times.iter().for_each(|time| histogram += u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    histogram.value_at_quantile(f64::from(percent) / 100.0) as f64
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_shown_at_a_readable_scale() {
        let shown = [
            (Unit::Time, 2_500_000.0, "2.5000 ms"),
            (Unit::Time, 0.5, "0.5000 ns"),
            (Unit::Percent, 87.5, "87.500 %"),
            (Unit::Ratio, 1.25, "1.2500 x"),
            (Unit::Bytes, 3.0 * 1024.0 * 1024.0, "3.0000 MiB"),
            (Unit::Users, 100.0, "100.00 users"),
            (Unit::PerSecond, 12_000.0, "12.000 K/s"),
            (Unit::Count, 42.0, "42.000"),
        ];
        for (unit, value, text) in shown {
            assert_eq!(unit.format_value(value).trim(), text);
        }
    }

    #[test]
    fn stretches_are_of_one_length_and_the_rest_is_in_none() {
        let times: Vec<_> = [4, 2, 9, 1, 5, 7, 100].map(Duration::from_nanos).into();
        let near = |found: Vec<f64>, wanted: &[f64]| {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(it, wanted)| (it - wanted).abs() < 1e-6)
        };
        assert!(near(of_stretches(&times, 3, mean), &[3.0, 5.0, 6.0]));
        assert!(near(of_stretches(&times, 2, |times| percentile(times, 50)), &[4.0, 5.0]));
    }
}
