//! Few pairs: an exact test by exchange, on the better half of each side's runs.
//!
//! What disturbs a run only ever makes it slower: a neighbour, a migration, an unlucky layout. So the better half of the
//! runs of each side tells more than all of them, and the statistic is the difference of the two halves' means. Within
//! a pair of equal runs either could have been the base's: every one of the `2^n` ways of exchanging runs within pairs was
//! as likely as the one that was measured, whatever the distribution of the runs (Fisher 1935, Pitman 1937). The p-value
//! is the share of them with a statistic as large. Signed ranks are exact in the same sense, but of twelve pairs a
//! single disturbed one is enough to hide a change from them where there are many rows (`docs/validation.md` compares
//! the two on recorded runs).

use super::Evidence;
use crate::thresholds::Better;

/// Up to this many pairs, all exchanges are tried: 2,048 and their mirror images.
pub const MOST_PAIRS: usize = 12;

/// Halvings of the range in which an end of an interval is looked for.
const STEPS: usize = 26;

/// Sums of the same numbers in another order differ by less, and no run time is known so well.
const ROUNDING: f64 = 1e-11;

/// The logarithms of paired runs.
#[derive(Debug, Clone)]
pub struct PermutationTest {
    /// Base and head of each pair; their signs are oriented around where higher is better.
    pairs: Vec<[f64; 2]>,
    better: Better,
}

impl PermutationTest {
    /// The evidence of the n-th of `base` with the n-th of `head`.
    ///
    /// # Panics
    /// There are more than 12.
    #[must_use]
    pub fn new(base: &[f64], head: &[f64], better: Better) -> Self {
        assert!(base.len() <= MOST_PAIRS, "{} pairs have too many exchanges to try them all", base.len());
        let oriented = |value: &f64| if better == Better::Lower { value.ln() } else { -value.ln() };
        Self {
            pairs: base.iter().zip(head).map(|(base, head)| [oriented(base), oriented(head)]).collect(),
            better,
        }
    }

    /// A change as the oriented signs have it, and back.
    fn oriented(&self, change: f64) -> f64 {
        if self.better == Better::Lower { change } else { -change }
    }

    fn arrangement(&self, limit: f64) -> SignedSamples {
        let shifted = self.pairs.iter().map(|[base, head]| [*base, head - limit]);
        SignedSamples::new(&shifted.collect::<Vec<_>>())
    }

    /// Of oriented signs: the share of exchanges that lie as far above `limit` as what was measured.
    fn share_above(&self, limit: f64) -> f64 {
        self.arrangement(limit).as_high(usize::MAX) as f64 / self.exchanges()
    }

    fn share_below(&self, limit: f64) -> f64 {
        self.arrangement(limit).as_low(usize::MAX) as f64 / self.exchanges()
    }

    fn exchanges(&self) -> f64 {
        2_f64.powi(i32::try_from(self.pairs.len()).unwrap_or(i32::MAX))
    }

    /// Of oriented signs: the least change that is not rejected at `tail`, between one that is and the estimate.
    fn end(&self, away: f64, rejects: impl Fn(&SignedSamples) -> bool) -> f64 {
        let (mut outside, mut inside) = (self.middle() + away, self.middle());
        for _ in 0..STEPS {
            let between = f64::midpoint(outside, inside);
            if rejects(&self.arrangement(between)) { outside = between } else { inside = between }
        }
        inside
    }

    /// Of oriented signs: the difference of the halves.
    fn middle(&self) -> f64 {
        self.arrangement(0.0).measured()
    }

    /// Farther from the estimate than any change that could explain the runs.
    fn reach(&self) -> f64 {
        let values = || self.pairs.iter().flatten().copied();
        let (least, most) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        2.0 * (most - least) + ROUNDING * 100.0
    }
}

impl Evidence for PermutationTest {
    fn estimate(&self) -> f64 {
        self.oriented(self.middle())
    }

    fn above(&self, limit: f64) -> f64 {
        match self.better {
            Better::Lower => self.share_above(limit),
            Better::Higher => self.share_below(-limit),
        }
    }

    fn below(&self, limit: f64) -> f64 {
        match self.better {
            Better::Lower => self.share_below(limit),
            Better::Higher => self.share_above(-limit),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 4,096")]
    fn interval(&self, tail: f64) -> [f64; 2] {
        let allowed = (tail * self.exchanges()) as usize;
        if allowed == 0 {
            return [f64::NEG_INFINITY, f64::INFINITY];
        }
        let lower = self.end(-self.reach(), |arrangement| arrangement.as_high(allowed) <= allowed);
        let upper = self.end(self.reach(), |arrangement| arrangement.as_low(allowed) <= allowed);
        let mut ends = [self.oriented(lower), self.oriented(upper)];
        ends.sort_by(f64::total_cmp);
        ends
    }

    /// From the interval that a normal distribution would have at one standard error.
    fn standard_error(&self) -> f64 {
        let [lower, upper] = self.interval(super::welch::TAIL_OF_ONE);
        if upper.is_finite() { (upper - lower) / 2.0 } else { f64::INFINITY }
    }
}

/// All runs in rising order, each with its pair and its side.
struct SignedSamples {
    pairs: usize,
    runs: Vec<(f64, usize, usize)>,
}

impl SignedSamples {
    fn new(pairs: &[[f64; 2]]) -> Self {
        let sides =
            pairs.iter().enumerate().flat_map(|(pair, [base, head])| [(*base, pair, 0), (*head, pair, 1)]);
        let mut runs: Vec<(f64, usize, usize)> = sides.collect();
        runs.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self { pairs: pairs.len(), runs }
    }

    /// The statistic where the pairs whose bit is set in `exchanged` are exchanged.
    fn statistic(&self, exchanged: usize) -> f64 {
        let half = self.pairs.div_ceil(2);
        let (mut sums, mut counts) = ([0.0; 2], [0; 2]);
        for (run, pair, side) in &self.runs {
            let side = side ^ (exchanged >> pair & 1);
            if counts[side] < half {
                sums[side] += run;
                counts[side] += 1;
            }
        }
        (sums[1] - sums[0]) / half as f64
    }

    fn measured(&self) -> f64 {
        self.statistic(0)
    }

    /// How many exchanges have a statistic as high as what was measured, counted to just above `most`.
    fn as_high(&self, most: usize) -> usize {
        let least = self.measured() - ROUNDING;
        self.count(most, |statistic| statistic >= least)
    }

    /// How many exchanges have a statistic as low as what was measured, counted to just above `most`.
    fn as_low(&self, most: usize) -> usize {
        let most_of_it = self.measured() + ROUNDING;
        self.count(most, |statistic| statistic <= most_of_it)
    }

    /// To exchange all pairs but those of a set turns the sign around, so half of the exchanges tell of the others.
    fn count(&self, most: usize, holds: impl Fn(f64) -> bool) -> usize {
        let mut found = 0;
        for exchanged in 0..1_usize << (self.pairs - 1) {
            let statistic = self.statistic(exchanged);
            found += usize::from(holds(statistic)) + usize::from(holds(-statistic));
            if found > most {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: [f64; 6] = [1.00, 1.02, 1.01, 1.40, 1.00, 1.03];
    const HEAD: [f64; 6] = [1.11, 1.12, 1.13, 1.10, 1.11, 1.14];

    #[test]
    fn one_disturbed_run_hides_no_change() {
        let evidence = PermutationTest::new(&BASE, &HEAD, Better::Lower);
        // Exchanging the disturbed pair changes nothing in the better halves' favour: 2 of 64 at most.
        assert!(evidence.above(0.05) <= 2.0 / 64.0, "{}", evidence.above(0.05));
        assert!(
            super::super::SignedRankTest::new(super::super::contrast::log_ratios(&BASE, &HEAD)).above(0.05)
                > 0.1
        );
    }

    #[test]
    fn the_interval_rejects_what_the_test_rejects() {
        let evidence = PermutationTest::new(&BASE, &HEAD, Better::Lower);
        let [lower, upper] = evidence.interval(0.1);
        assert!(evidence.above(lower - 1e-6) <= 0.1 && evidence.below(upper + 1e-6) <= 0.1);
        assert!(lower < evidence.estimate() && evidence.estimate() < upper, "{lower} {upper}");
        assert!(evidence.interval(0.001)[0].is_infinite(), "64 exchanges cannot show so little");
    }

    #[test]
    fn where_higher_is_better_the_upper_half_tells() {
        let inverted = |values: &[f64]| values.iter().map(|value| 1.0 / value).collect::<Vec<_>>();
        let times = PermutationTest::new(&BASE, &HEAD, Better::Lower);
        let rates = PermutationTest::new(&inverted(&BASE), &inverted(&HEAD), Better::Higher);
        assert!((times.estimate() + rates.estimate()).abs() < 1e-12);
        assert!((times.above(0.03) - rates.below(-0.03)).abs() < 1e-12);
        let ([lower, _], [_, upper]) = (times.interval(0.1), rates.interval(0.1));
        assert!((lower + upper).abs() < 1e-6, "{lower} {upper}");
    }

    #[test]
    fn equal_runs_bound_the_change_to_nothing() {
        let evidence = PermutationTest::new(&[3.0; 12], &[3.0; 12], Better::Lower);
        let [lower, upper] = evidence.interval(0.001);
        assert!(lower.abs() < 1e-9 && upper.abs() < 1e-9, "{lower} {upper}");
        assert!(evidence.below(0.01) < 0.001 && evidence.above(-0.01) < 0.001 && evidence.above(0.0) > 0.99);
    }
}
