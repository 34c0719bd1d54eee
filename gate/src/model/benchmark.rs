//! A benchmark and its estimates, free of Criterion's file format.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A statistic's point estimate with its confidence interval, in the unit that was measured
/// (nanoseconds for times).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The estimate itself.
    pub point: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

impl Estimate {
    /// A value of which no interval is known.
    #[must_use]
    pub fn exact(point: f64) -> Self {
        Self { point, lower: point, upper: point }
    }

    /// The same quantity in a unit `factor` times smaller.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { point: self.point * factor, lower: self.lower * factor, upper: self.upper * factor }
    }

    /// `count` of something in each of this quantity: the interval turns around.
    #[must_use]
    pub fn per(self, count: f64) -> Self {
        Self { point: count / self.point, lower: count / self.upper, upper: count / self.lower }
    }
}

/// The statistics that Criterion estimates, per iteration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimates {
    /// Arithmetic mean of the samples.
    pub mean: Estimate,
    /// Median of the samples.
    pub median: Estimate,
    /// Slope of total time over iterations; absent where every sample had as many iterations.
    pub slope: Option<Estimate>,
    /// Standard deviation of the samples.
    pub std_dev: Estimate,
    /// Median absolute deviation of the samples.
    pub median_abs_dev: Estimate,
}

impl Estimates {
    /// The slope where there is one, else the mean: what Criterion itself shows.
    #[must_use]
    pub fn typical(&self) -> Estimate {
        self.slope.unwrap_or(self.mean)
    }
}

/// How much one iteration works through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Throughput {
    /// Elements: messages, requests, records, …
    Elements(u64),
    /// Bytes.
    Bytes(u64),
    /// Bits.
    Bits(u64),
    /// The same work, counted in both ways.
    ElementsAndBytes {
        /// The elements.
        elements: u64,
        /// The bytes.
        bytes: u64,
    },
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Elements, whatever they are called.
    Elements,
    /// Bytes.
    Bytes,
    /// Bits.
    Bits,
}

impl Throughput {
    /// How many of `counted` an iteration works through; `None` where it is declared in something else.
    #[must_use]
    pub fn count(self, counted: Counted) -> Option<f64> {
        const BITS_IN_A_BYTE: f64 = 8.0;
        self.declared().find_map(|(declared, count)| match (declared, counted) {
            _ if declared == counted => Some(count),
            (Counted::Bytes, Counted::Bits) => Some(count * BITS_IN_A_BYTE),
            (Counted::Bits, Counted::Bytes) => Some(count / BITS_IN_A_BYTE),
            _ => None,
        })
    }

    /// All that an iteration works through.
    pub fn declared(self) -> impl Iterator<Item = (Counted, f64)> {
        let all = match self {
            Self::Elements(count) => [Some((Counted::Elements, count)), None],
            Self::Bytes(count) => [Some((Counted::Bytes, count)), None],
            Self::Bits(count) => [Some((Counted::Bits, count)), None],
            Self::ElementsAndBytes { elements, bytes } => {
                [Some((Counted::Elements, elements)), Some((Counted::Bytes, bytes))]
            }
        };
        all.into_iter().flatten().map(|(counted, count)| (counted, count as f64))
    }

    /// The number by which `size` in `thresholds.toml` scales: elements before bytes.
    #[must_use]
    pub fn size(self) -> u64 {
        match self {
            Self::Elements(count) | Self::Bytes(count) | Self::Bits(count) => count,
            Self::ElementsAndBytes { elements, .. } => elements,
        }
    }
}

impl fmt::Display for Throughput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elements(count) => write!(formatter, "{count} elements"),
            Self::Bytes(count) => write!(formatter, "{count} bytes"),
            Self::Bits(count) => write!(formatter, "{count} bits"),
            Self::ElementsAndBytes { elements, bytes } => {
                write!(formatter, "{elements} elements and {bytes} bytes")
            }
        }
    }
}

/// The samples of one benchmark: each the mean of a batch of iterations.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Iterations in each batch.
    pub iterations: Vec<f64>,
    /// What each batch measured in total.
    pub totals: Vec<f64>,
}

impl Samples {
    /// Each batch's mean per iteration, in rising order.
    #[must_use]
    pub fn sorted_per_iteration(&self) -> Vec<f64> {
        let mut sorted = self.per_iteration();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    fn per_iteration(&self) -> Vec<f64> {
        self.totals.iter().zip(&self.iterations).map(|(total, iterations)| total / iterations).collect()
    }

    /// The 10th percentile of the per-iteration values, by linear interpolation between the closest ranks
    /// (Hyndman & Fan 1996, definition 7).
    ///
    /// # Panics
    /// There are no samples.
    #[must_use]
    pub fn p10(&self) -> f64 {
        let mut values = self.per_iteration();
        let last = values.len() - 1;
        let (_, below, rest) = values.select_nth_unstable_by(last / 10, f64::total_cmp);
        let above = rest.iter().copied().min_by(f64::total_cmp).unwrap_or(*below);
        *below + (last % 10) as f64 / 10.0 * (above - *below)
    }
}

/// One benchmark's saved result.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// Criterion's full id, never cut and never taken from a path: `cache/lookup/hit`.
    pub id: String,
    /// How much one iteration works through, where the bench says so.
    pub throughput: Option<Throughput>,
    /// What Criterion estimated.
    pub estimates: Estimates,
    /// What it estimated them from.
    pub samples: Samples,
    /// The 10th percentile of these samples.
    pub p10: f64,
    /// The folder that holds the result.
    pub folder: PathBuf,
}

impl Benchmark {
    /// The first part of the id.
    #[must_use]
    pub fn category(&self) -> &str {
        category_of(&self.id)
    }
}

/// The first part of a benchmark's or a metric's id.
#[must_use]
pub fn category_of(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_percentile_interpolates_between_ranks() {
        let totals: Vec<f64> = (1..=11).rev().map(|n| f64::from(n) * 2.0).collect();
        let samples = Samples { iterations: vec![2.0; 11], totals };
        assert!((samples.p10() - 2.0).abs() < 1e-12, "{}", samples.p10());
        let one = Samples { iterations: vec![1.0], totals: vec![5.0] };
        assert!((one.p10() - 5.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_declared_is_counted_in_its_own_kind_alone() {
        let both = Throughput::ElementsAndBytes { elements: 3, bytes: 9 };
        let all = [Throughput::Elements(5), Throughput::Bytes(2), Throughput::Bits(12), both];
        let of = |counted| all.map(|throughput| throughput.count(counted));
        assert_eq!(of(Counted::Elements), [Some(5.0), None, None, Some(3.0)]);
        assert_eq!(of(Counted::Bytes), [None, Some(2.0), Some(1.5), Some(9.0)]);
        assert_eq!(of(Counted::Bits), [None, Some(16.0), Some(12.0), Some(72.0)]);
    }

    #[test]
    fn a_rate_turns_the_interval_around() {
        let rate = Estimate { point: 2.0, lower: 1.0, upper: 4.0 }.per(8.0);
        assert_eq!(rate, Estimate { point: 4.0, lower: 2.0, upper: 8.0 });
    }
}
