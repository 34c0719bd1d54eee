//! Pairs: Wilcoxon's signed-rank test, with the Hodges-Lehmann estimate and the interval that belongs to it.
//!
//! All three come from the Walsh averages, the means of every two log ratios (each with itself too). Their median is
//! the estimate (Hodges & Lehmann 1963). The number of them above a limit is Wilcoxon's statistic for that limit
//! (Tukey 1949), whose distribution is known exactly where log ratios lie symmetrically around the change (Wilcoxon
//! 1945). Within a pair of equal runs neither side is preferred, so under the null hypothesis they do, whatever the
//! distribution of the runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::Evidence;

/// Above this many pairs the normal approximation stands for the exact distribution: at a
/// tail of 0.001 they differ by less than a twentieth of it then.
const EXACT_UP_TO: usize = 300;

/// The Walsh averages of log ratios.
#[derive(Debug, Clone)]
pub struct SignedRankTest {
    pairs: usize,
    /// In rising order.
    averages: Vec<f64>,
}

impl SignedRankTest {
    /// The evidence of `log_ratios`, one for each pair.
    #[must_use]
    pub fn new(log_ratios: Vec<f64>) -> Self {
        let mut sorted = log_ratios;
        sorted.sort_by(f64::total_cmp);
        let of = |(position, one): (usize, &f64)| {
            let one = *one;
            sorted[position..].iter().map(move |other| f64::midpoint(one, *other))
        };
        let mut averages: Vec<f64> = sorted.iter().enumerate().flat_map(of).collect();
        averages.sort_by(f64::total_cmp);
        Self { pairs: sorted.len(), averages }
    }

    fn at_or_below(&self, limit: f64) -> usize {
        self.averages.partition_point(|average| *average <= limit)
    }

    fn strictly_below(&self, limit: f64) -> usize {
        self.averages.partition_point(|average| *average < limit)
    }
}

impl Evidence for SignedRankTest {
    fn estimate(&self) -> f64 {
        let last = self.averages.len() - 1;
        f64::midpoint(self.averages[last / 2], self.averages[last.div_ceil(2)])
    }

    fn above(&self, limit: f64) -> f64 {
        Ranks::of(self.pairs).at_most(self.at_or_below(limit))
    }

    fn below(&self, limit: f64) -> f64 {
        Ranks::of(self.pairs).at_most(self.averages.len() - self.strictly_below(limit))
    }

    fn interval(&self, tail: f64) -> [f64; 2] {
        match Ranks::of(self.pairs).rejected(tail) {
            None => [f64::NEG_INFINITY, f64::INFINITY],
            Some(outside) => [self.averages[outside], self.averages[self.averages.len() - 1 - outside]],
        }
    }

    /// From the interval that a normal distribution would have at one standard error.
    fn standard_error(&self) -> f64 {
        let [lower, upper] = self.interval(super::welch::TAIL_OF_ONE);
        if upper.is_finite() { (upper - lower) / 2.0 } else { f64::INFINITY }
    }
}

/// The distribution of the sum of signed ranks: entry k is the probability of k or less.
struct Ranks(Vec<f64>);

thread_local! {
    static KNOWN: RefCell<HashMap<usize, Rc<Ranks>>> = RefCell::default();
}

impl Ranks {
    fn of(pairs: usize) -> Rc<Self> {
        KNOWN.with_borrow_mut(|known| {
            Rc::clone(known.entry(pairs).or_insert_with(|| Rc::new(Self::new(pairs))))
        })
    }

    fn new(pairs: usize) -> Self {
        if pairs <= EXACT_UP_TO { Self(exact(pairs)) } else { Self(approximate(pairs)) }
    }

    fn at_most(&self, sum: usize) -> f64 {
        self.0[sum.min(self.0.len() - 1)]
    }

    /// The most averages that may lie outside of an end of an interval with this `tail`.
    fn rejected(&self, tail: f64) -> Option<usize> {
        self.0.partition_point(|probability| *probability <= tail).checked_sub(1)
    }
}

/// Each rank is in the sum or not, with equal probability: one convolution a rank.
fn exact(pairs: usize) -> Vec<f64> {
    let mut probability = vec![0.0; pairs * (pairs + 1) / 2 + 1];
    probability[0] = 1.0;
    for rank in 1..=pairs {
        for sum in (0..=rank * (rank + 1) / 2).rev() {
            let with = if sum >= rank { probability[sum - rank] } else { 0.0 };
            probability[sum] = f64::midpoint(probability[sum], with);
        }
    }
    cumulated(probability)
}

fn cumulated(mut probability: Vec<f64>) -> Vec<f64> {
    let mut total = 0.0;
    for entry in &mut probability {
        total += *entry;
        *entry = total;
    }
    probability
}

/// Normal, with mean n(n+1)/4 and variance n(n+1)(2n+1)/24 (Wilcoxon 1945), and a correction for continuity.
fn approximate(pairs: usize) -> Vec<f64> {
    let (count, most) = (pairs as f64, pairs * (pairs + 1) / 2);
    let deviation = (count * (count + 1.0) * (2.0 * count + 1.0) / 24.0).sqrt();
    let normal = |sum: usize| super::welch::normal_below((sum as f64 + 0.5 - most as f64 / 2.0) / deviation);
    (0..=most).map(normal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wilcoxon's table as in Hollander, Wolfe & Chicken (2014), Table A.4.
    #[test]
    fn the_distribution_is_that_of_the_tables() {
        let of_five = exact(5);
        let expected = [1.0, 2.0, 3.0, 5.0, 7.0, 10.0].map(|ways| ways / 32.0);
        assert!(of_five.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
        assert_eq!(Ranks::of(12).rejected(0.025), Some(13));
        assert_eq!(Ranks::of(5).rejected(0.025), None);
    }

    #[test]
    fn the_approximation_meets_the_exact_distribution() {
        let (exact, approximate) = (exact(EXACT_UP_TO), approximate(EXACT_UP_TO));
        let sum = Ranks(exact.clone()).rejected(0.001).unwrap();
        assert!((approximate[sum] / exact[sum] - 1.0).abs() < 0.05, "{} {}", approximate[sum], exact[sum]);
    }

    #[test]
    fn the_interval_rejects_what_the_test_rejects() {
        let ratios = [0.01, -0.02, 0.03, 0.05, 0.02, 0.04, 0.012, 0.033, -0.004, 0.021, 0.05, 0.017];
        let evidence = SignedRankTest::new(ratios.to_vec());
        let [lower, upper] = evidence.interval(0.025);
        assert!(evidence.above(lower - 1e-9) <= 0.025 && evidence.above(lower + 1e-9) > 0.025);
        assert!(evidence.below(upper + 1e-9) <= 0.025 && evidence.below(upper - 1e-9) > 0.025);
        assert!(lower < evidence.estimate() && evidence.estimate() < upper);
    }

    #[test]
    fn equal_pairs_bound_the_change_to_nothing() {
        let evidence = SignedRankTest::new(vec![0.0; 12]);
        assert!(evidence.interval(0.001).iter().all(|end| end.abs() < 1e-12));
        assert!(evidence.below(0.01) < 0.001 && evidence.above(-0.01) < 0.001 && evidence.above(0.0) > 0.99);
    }
}
