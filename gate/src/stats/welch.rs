//! Student's t on logarithms: for runs without pairs, and for few pairs.
//!
//! Unlike the signed ranks it needs run-to-run spread to be close to log-normal, and in turn can say something about a
//! single run: that it lies outside of what the other side's runs would make of the next one (a prediction
//! interval, Student 1908; Welch 1947 where both sides have a spread of their own).

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::Evidence;

/// An estimate with its standard error and the degrees of freedom of that.
#[derive(Debug, Clone, Copy)]
pub struct WelchTest {
    estimate: f64,
    error: f64,
    freedom: f64,
}

impl WelchTest {
    /// The evidence of paired `log_ratios`.
    #[must_use]
    pub fn of_pairs(log_ratios: &[f64]) -> Self {
        let (mean, variance, count) = moments(log_ratios);
        Self { estimate: mean, error: (variance / count).sqrt(), freedom: count - 1.0 }
    }

    /// The evidence of two sides' logarithms, one of which may be a single run.
    #[must_use]
    pub fn of_two(base: &[f64], head: &[f64]) -> Self {
        let ((base_mean, base_variance, base_count), (head_mean, head_variance, head_count)) =
            (moments(base), moments(head));
        let estimate = head_mean - base_mean;
        let [base_part, head_part] = match (base.len(), head.len()) {
            (_, 1) => [base_variance / base_count, base_variance],
            (1, _) => [head_variance, head_variance / head_count],
            _ => [base_variance / base_count, head_variance / head_count],
        };
        let freedom = match (base.len(), head.len()) {
            (_, 1) => base_count - 1.0,
            (1, _) => head_count - 1.0,
            _ => welch([base_part, head_part], [base_count - 1.0, head_count - 1.0]),
        };
        Self { estimate, error: (base_part + head_part).sqrt(), freedom }
    }

    /// The evidence of one run of either side, where the logarithms of such runs are known to have this `spread`.
    #[must_use]
    pub fn of_known_spread(log_ratio: f64, spread: f64) -> Self {
        Self { estimate: log_ratio, error: spread * std::f64::consts::SQRT_2, freedom: f64::INFINITY }
    }

    /// Student's t of the distance to `limit`, and 0 or infinity where there is no spread at all.
    fn distance(&self, limit: f64) -> f64 {
        let distance = self.estimate - limit;
        if distance == 0.0 { 0.0 } else { distance / self.error }
    }

    /// The probability of `t` or more.
    fn tail(&self, t: f64) -> f64 {
        if self.freedom.is_infinite() {
            return normal_below(-t);
        }
        StudentsT::new(0.0, 1.0, self.freedom).map_or(1.0, |distribution| distribution.sf(t))
    }
}

/// Mean, variance (of n - 1) and number.
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (count - 1.0).max(1.0), count)
}

/// The degrees of freedom of a sum of two variances (Welch 1947, Satterthwaite 1946).
fn welch(parts: [f64; 2], freedom: [f64; 2]) -> f64 {
    let [base, head] = parts;
    let total = (base + head).powi(2) / (base.powi(2) / freedom[0] + head.powi(2) / freedom[1]);
    if total.is_finite() { total } else { freedom[0] + freedom[1] }
}

/// The probability that a normal variable lies more than one standard deviation above its mean.
pub const TAIL_OF_ONE: f64 = 0.158_655_253_931_457;

/// The probability that a standard normal variable is `z` or less.
pub fn normal_below(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The value that a standard normal variable exceeds with probability `tail`.
pub fn normal_quantile(tail: f64) -> f64 {
    -Normal::standard().inverse_cdf(tail)
}

/// The value that Student's t exceeds with probability `tail`.
fn quantile(freedom: f64, tail: f64) -> f64 {
    if freedom.is_infinite() {
        return normal_quantile(tail);
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |distribution| -distribution.inverse_cdf(tail))
}

impl Evidence for WelchTest {
    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn above(&self, limit: f64) -> f64 {
        self.tail(self.distance(limit))
    }

    fn below(&self, limit: f64) -> f64 {
        self.tail(-self.distance(limit))
    }

    fn interval(&self, tail: f64) -> [f64; 2] {
        let reach = if self.error == 0.0 { 0.0 } else { quantile(self.freedom, tail) * self.error };
        [self.estimate - reach, self.estimate + reach]
    }

    fn standard_error(&self) -> f64 {
        self.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R 4: `t.test(c(1.1, 0.9, 1.3, 1.0, 1.2), c(1.4, 1.6, 1.5), conf.level = 0.95)`.
    #[test]
    fn two_sides_are_compared_as_welch_did() {
        let evidence = WelchTest::of_two(&[1.1, 0.9, 1.3, 1.0, 1.2], &[1.4, 1.6, 1.5]);
        assert!((evidence.estimate() - 0.4).abs() < 1e-12 && (evidence.freedom - 5.882).abs() < 0.001);
        let [lower, upper] = evidence.interval(0.025);
        assert!((lower - 0.175).abs() < 0.005 && (upper - 0.625).abs() < 0.005, "{lower} {upper}");
    }

    #[test]
    fn one_run_is_judged_by_the_spread_of_the_others() {
        let evidence = WelchTest::of_two(&[1.0, 1.1, 0.9, 1.05, 0.95], &[1.0]);
        let error = (0.006_25_f64 * (1.0 + 0.2)).sqrt();
        assert!((evidence.standard_error() - error).abs() < 1e-12 && (evidence.freedom - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_known_spread_is_that_of_either_run() {
        let [lower, upper] = WelchTest::of_known_spread(0.2, 0.03).interval(0.025);
        assert!((upper - 0.2 - 1.959_964 * 0.03 * 2.0_f64.sqrt()).abs() < 1e-6, "{lower} {upper}");
    }

    #[test]
    fn without_spread_there_is_no_doubt() {
        let evidence = WelchTest::of_pairs(&[0.1; 4]);
        assert!(evidence.above(0.05) < 1e-12 && evidence.below(0.15) < 1e-12);
        assert!((evidence.interval(0.01)[0] - 0.1).abs() < 1e-12);
    }
}
