//! How long one process measures a row.
//!
//! A run has a price that does not depend on its length (the process's start, its preparation, its warm-up) and one
//! that does (the samples). Its value has a spread between processes, which no length reduces, and one within, which
//! falls with the number of samples. Kalibera & Jones (2013), "Rigorous benchmarking in reasonable time", section 6:
//! the number of samples that makes the most of the time is
//!
//! ```text
//! r = sqrt(price of a start / price of a sample * variance within / variance between)
//! ```
//!
//! Both variances are those of logarithms, since the comparison is of ratios.

use std::time::Duration;

/// Criterion's fewest.
const SAMPLES: usize = 10;

/// The shortest and the longest that samples may take together.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// What one process is asked to do for each of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Time to reach a steady state.
    warm_up: Duration,
    /// Time that all samples together should take.
    pub(crate) measurement: Duration,
}

/// Before anything is known of a row.
impl Default for Effort {
    fn default() -> Self {
        Self { warm_up: Duration::from_millis(100), measurement: Duration::from_millis(150) }
    }
}

impl Effort {
    /// The options that tell Criterion. Its own statistics are not used, so it gets few resamples; and no plots.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let seconds = |duration: Duration| format!("{:.3}", duration.as_secs_f64());
        let options = [
            ("--warm-up-time", seconds(self.warm_up)),
            ("--measurement-time", seconds(self.measurement)),
            ("--sample-size", SAMPLES.to_string()),
            ("--nresamples", "1000".to_owned()),
        ];
        let options = options.into_iter().flat_map(|(option, value)| [option.to_owned(), value]);
        options.chain(["--noplot".to_owned()]).collect()
    }

    /// The effort that makes the most of the time, by what runs of this effort have shown.
    pub(crate) fn improved(self, seen: &RunCost) -> Self {
        let sample = self.measurement.as_secs_f64() / SAMPLES as f64;
        let between = (seen.variance - seen.within / SAMPLES as f64).max(0.0);
        let samples = (seen.start_seconds / sample * seen.within / between).sqrt();
        let wanted = if samples.is_nan() { self.measurement.as_secs_f64() } else { samples * sample };
        let wanted = wanted.clamp(SHORTEST.as_secs_f64(), LONGEST.as_secs_f64());
        Self { measurement: Duration::from_secs_f64(wanted), ..self }
    }
}

/// What runs of one row have shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RunCost {
    /// The variance of a sample's logarithm within a run.
    pub(crate) within: f64,
    /// The variance of a run's value, as a logarithm: both components together.
    pub(crate) variance: f64,
    /// Seconds that a run takes beside its samples.
    pub(crate) start_seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn improved(within: f64, variance: f64, start_seconds: f64) -> f64 {
        Effort::default().improved(&RunCost { within, variance, start_seconds }).measurement.as_secs_f64()
    }

    #[test]
    fn the_length_is_that_of_the_formula() {
        // 15 ms a sample; sqrt(0.135 / 0.015 * 4 / 1) = 6 samples.
        assert!((improved(4e-4, 1e-4 + 4e-5, 0.135) - 0.09).abs() < 1e-9);
    }

    #[test]
    fn noise_between_processes_asks_for_short_runs_and_noise_within_for_long_ones() {
        assert!((improved(1e-6, 1e-2, 0.1) - SHORTEST.as_secs_f64()).abs() < 1e-9);
        assert!((improved(1e-2, 1e-3, 0.1) - LONGEST.as_secs_f64()).abs() < 1e-9);
    }

    #[test]
    fn no_spread_at_all_changes_nothing() {
        assert!((improved(0.0, 0.0, 0.1) - 0.15).abs() < 1e-9);
    }

    #[test]
    fn criterion_is_told_everything() {
        let arguments = Effort::default().arguments().join(" ");
        let wanted =
            "--warm-up-time 0.100 --measurement-time 0.150 --sample-size 10 --nresamples 1000 --noplot";
        assert_eq!(arguments, wanted);
    }
}
