//! The trend of response times and heap over a long scenario.

use crate::bench::heap::Slope;
use crate::bench::load::Recording;

/// Stretches of equal length, each of which gives a point of the trend.
pub(super) const POINTS: u32 = 24;

/// By what something has changed from the beginning of a recording to its end: 1 where it has not. It is the slope of
/// the logarithm, by Theil and Sen, over the whole time; the interval is that of 99 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trend {
    /// The change.
    pub estimate: f64,
    /// The lower end of its interval: what has been shown.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Trend {
    /// The trend of `values`, which were taken at equal distances and are above zero.
    ///
    /// # Panics
    /// There are fewer than two of them.
    pub(super) fn of(values: &[f64]) -> Self {
        let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let Slope { estimate, lower, upper } = Slope::of(&logarithms, 1.0 / values.len() as f64);
        Self { estimate: estimate.exp(), lower: lower.exp(), upper: upper.exp() }
    }

    /// The trend of the mean response time of stretches of `recording`.
    pub(super) fn of_latency(recording: &Recording) -> Self {
        let windows = recording.windows(POINTS);
        Self::of(&windows.iter().map(|window| window.mean().as_secs_f64()).collect::<Vec<_>>())
    }
}

impl std::fmt::Display for Trend {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |factor: f64| 100.0 * (factor - 1.0);
        let (estimate, lower, upper) = (percent(self.estimate), percent(self.lower), percent(self.upper));
        write!(formatter, "{estimate:+.1} % ({lower:+.1} to {upper:+.1} %)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_the_change_from_beginning_to_end() {
        let rising: Vec<f64> = (0..24).map(|at| 2.0_f64.powf(f64::from(at) / 24.0)).collect();
        let trend = Trend::of(&rising);
        assert!((trend.estimate - 2.0).abs() < 1e-9 && (trend.lower - 2.0).abs() < 1e-9, "{trend:?}");
        assert_eq!(trend.to_string(), "+100.0 % (+100.0 to +100.0 %)");
        let level = Trend::of(&[5.0; 24]);
        assert!((level.estimate - 1.0).abs() < 1e-9 && (level.upper - 1.0).abs() < 1e-9, "{level:?}");
    }

    #[test]
    fn what_comes_and_goes_is_no_trend() {
        let waves: Vec<f64> = (0..24).map(|at| 10.0 + f64::from(at * 7 % 5)).collect();
        let trend = Trend::of(&waves);
        assert!(trend.lower < 1.0 && trend.upper > 1.0, "{trend:?}");
    }
}
