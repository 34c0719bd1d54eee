//! Several looks at growing data, without spending the error rate twice.
//!
//! The error rate is spent as data come in (Lan & DeMets 1983): of alpha, a share of `sqrt(n / most)` is spent when n
//! of at most `most` pairs are there (the power family of Kim & DeMets 1987 with exponent 1/2, which lets large changes
//! be seen early). What a look may spend is what the looks before it have left, given that the statistics of two looks
//! correlate as sums of the same pairs do; the boundaries come from the recursive integration of Armitage, McPherson &
//! Rowe (1969), as in Jennison & Turnbull (2000), chapter 19. The p-value of a look is held against its boundary
//! (their "significance level approach", section 3.3), so whatever test gives it.

use super::welch::{normal_below, normal_quantile};

/// Points of the grid that a statistic's distribution is integrated on.
const GRID: usize = 160;

/// Standard deviations that the grid reaches to the far side.
const FAR: f64 = 8.0;

/// The looks of one comparison: the same for each of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct AlphaSpending {
    /// Pairs at each look, rising.
    pairs: Vec<usize>,
    /// For each look: alpha over all looks, and alpha at this look alone, both two-sided and rising.
    boundaries: Vec<Vec<(f64, f64)>>,
}

impl AlphaSpending {
    /// Looks at these numbers of pairs, of which the last is the most that will ever be there.
    #[must_use]
    pub fn at(pairs: &[usize]) -> Self {
        let mut pairs: Vec<usize> = pairs.iter().copied().filter(|pairs| *pairs > 0).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut boundaries = vec![Vec::new(); pairs.len()];
        for alpha in alphas() {
            let nominal = nominal(alpha, &pairs);
            boundaries
                .iter_mut()
                .zip(nominal)
                .for_each(|(boundary, nominal)| boundary.push((alpha, nominal)));
        }
        Self { pairs, boundaries }
    }

    /// Looks at `first` pairs, at twice as many, and so on, and at last at `most`.
    #[must_use]
    pub fn doubling(first: usize, most: usize) -> Self {
        let doubled = std::iter::successors(Some(first.max(1)), |pairs| pairs.checked_mul(2));
        let before: Vec<usize> = doubled.take_while(|pairs| pairs * 3 / 2 < most).chain([most]).collect();
        Self::at(&before)
    }

    /// The pairs at each look.
    #[must_use]
    pub fn pairs(&self) -> &[usize] {
        &self.pairs
    }

    /// The look that data of this many pairs have reached: between two looks, the later one, which allows less than
    /// all that would be left to spend.
    fn look(&self, pairs: usize) -> usize {
        self.pairs.partition_point(|look| *look < pairs).min(self.pairs.len() - 1)
    }

    /// The p-value over all looks of a row that has the p-value `p` at the look of this many pairs.
    #[must_use]
    pub fn overall_p(&self, pairs: usize, p: f64) -> f64 {
        interpolate(self.boundaries[self.look(pairs)].iter().map(|(alpha, nominal)| (*nominal, *alpha)), p)
            .max(p)
    }

    /// What a row may spend at the look of this many pairs, of `alpha` over all looks.
    #[must_use]
    pub fn nominal_alpha(&self, pairs: usize, alpha: f64) -> f64 {
        interpolate(self.boundaries[self.look(pairs)].iter().copied(), alpha).min(alpha)
    }
}

/// Four to each decade, from 1e-9 to 1.
fn alphas() -> impl Iterator<Item = f64> {
    (-36..=0).map(|quarter| 10_f64.powf(f64::from(quarter) / 4.0))
}

/// The value at `x` on the line through `points` with logarithmic axes; beyond its ends, in proportion to the end.
fn interpolate(points: impl Iterator<Item = (f64, f64)>, x: f64) -> f64 {
    let points: Vec<(f64, f64)> = points.collect();
    let after = points.partition_point(|(at, _)| *at < x).clamp(1, points.len() - 1);
    let ((x0, y0), (x1, y1)) = (points[after - 1], points[after]);
    if x <= x0 {
        return y0 * x / x0;
    }
    let share = (x.min(x1) / x0).ln() / (x1 / x0).ln();
    (y0.ln() + share * (y1 / y0).ln()).exp().min(1.0)
}

/// The two-sided level of each look that spends `alpha`, two-sided as well.
fn nominal(alpha: f64, pairs: &[usize]) -> Vec<f64> {
    let most = pairs.last().map_or(1.0, |most| *most as f64);
    let mut walk = Walk::start();
    let mut spent = 0.0;
    let level = |pairs: &usize| {
        let time = *pairs as f64 / most;
        let target = alpha / 2.0 * time.sqrt();
        let boundary = walk.advance(time, target - spent);
        spent = target;
        2.0 * normal_below(-boundary / time.sqrt())
    };
    pairs.iter().map(level).collect()
}

/// The statistic's distribution among the paths that have crossed no boundary so far, at points with weights.
struct Walk {
    time: f64,
    points: Vec<(f64, f64)>,
}

impl Walk {
    fn start() -> Self {
        Self { time: 0.0, points: vec![(0.0, 1.0)] }
    }

    /// Goes on to `time`, and returns the boundary that is crossed now with probability `spend`.
    fn advance(&mut self, time: f64, spend: f64) -> f64 {
        let step = (time - self.time).sqrt();
        let boundary = self.boundary(step, time, spend);
        let low = -FAR * time.sqrt();
        let width = (boundary - low) / GRID as f64;
        let point = |index: usize| {
            let at = low + width * index as f64;
            (at, simpson(index) * width / 3.0 * self.density(at, step))
        };
        *self = Self { time, points: (0..=GRID).map(point).collect() };
        boundary
    }

    fn density(&self, at: f64, step: f64) -> f64 {
        let normal = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / step;
        self.points.iter().map(|(from, weight)| weight * normal((at - from) / step)).sum()
    }

    fn crossing(&self, boundary: f64, step: f64) -> f64 {
        self.points.iter().map(|(from, weight)| weight * normal_below((from - boundary) / step)).sum()
    }

    /// By bisection: crossing is the rarer the higher the boundary.
    fn boundary(&self, step: f64, time: f64, spend: f64) -> f64 {
        let start = normal_quantile(spend.clamp(1e-15, 0.5)) * step;
        let (mut low, mut high) = (-FAR * time.sqrt(), FAR.mul_add(time.sqrt(), start.max(0.0)));
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.crossing(middle, step) > spend { low = middle } else { high = middle }
        }
        high
    }
}

/// The weights of Simpson's rule.
fn simpson(index: usize) -> f64 {
    match index {
        0 | GRID => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_spends_everything() {
        let looks = AlphaSpending::at(&[12]);
        for alpha in [0.05, 0.001, 1e-5] {
            assert!((looks.nominal_alpha(12, alpha) / alpha - 1.0).abs() < 0.02);
            assert!((looks.overall_p(12, alpha) / alpha - 1.0).abs() < 0.02);
        }
    }

    /// Jennison & Turnbull (2000), Table 2.1: five equal looks at a constant nominal level (Pocock) spend 5 % at a level
    /// of 1.58 % each. Spending as the square root of time lies near it, and never allows more in total.
    #[test]
    fn more_looks_allow_less_at_each() {
        let looks = AlphaSpending::at(&[10, 20, 30, 40, 50]);
        let levels: Vec<f64> = [10, 20, 30, 40, 50].iter().map(|n| looks.nominal_alpha(*n, 0.05)).collect();
        assert!((levels[0] - 0.05 * 0.2_f64.sqrt()).abs() < 1e-4, "{levels:?}");
        assert!(levels[1..].iter().all(|level| (0.01..0.025).contains(level)), "{levels:?}");
        assert!(levels.iter().sum::<f64>() > 0.05, "what looks share is not paid for twice: {levels:?}");
    }

    #[test]
    fn the_two_directions_are_inverse() {
        let looks = AlphaSpending::doubling(12, 192);
        for pairs in [12, 24, 96, 192] {
            let back = looks.overall_p(pairs, looks.nominal_alpha(pairs, 0.001));
            assert!((back / 0.001 - 1.0).abs() < 0.05, "{back}");
        }
    }

    #[test]
    fn looks_double_up_to_the_most() {
        assert_eq!(AlphaSpending::doubling(12, 192).pairs(), [12, 24, 48, 96, 192]);
        assert_eq!(AlphaSpending::doubling(12, 100).pairs(), [12, 24, 48, 100]);
        assert_eq!(AlphaSpending::doubling(12, 10).pairs(), [10]);
    }
}
