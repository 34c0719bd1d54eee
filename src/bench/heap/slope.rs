//! How fast a series rises, whatever outliers are in it.

/// What a standard normal variable exceeds with a probability of 0.5 %: 99 % lie within it on both sides.
const Z: f64 = 2.575_829_303_548_9;

/// The slope of a line through points, by Theil (1950): the median of the slopes of all pairs of points. Its interval of
/// 99 % is Sen's (1968), which asks nothing of how the points spread around the line but that they do so independently
/// of each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The slope.
    pub estimate: f64,
    /// The lower end of its interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Slope {
    /// The slope of `values`, each of which was taken `step` after the one before it.
    ///
    /// # Panics
    /// There are fewer than two values, or one of them is NaN.
    #[must_use]
    pub fn of(values: &[f64], step: f64) -> Self {
        let slopes = pairwise(values, step);
        assert!(!slopes.is_empty(), "one point has no slope: give two at least");
        let (middle, reach) = (slopes.len() as f64 / 2.0, Z * deviation(values) / 2.0);
        let ranked = |rank: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "held within the slopes"
            )]
            let place = rank.clamp(0.0, slopes.len() as f64 - 1.0) as usize;
            slopes[place]
        };
        Self {
            estimate: f64::midpoint(ranked((middle - 1.0).ceil()), ranked(middle.floor())),
            lower: ranked((middle - reach).floor() - 1.0),
            upper: ranked((middle + reach).ceil()),
        }
    }

    /// By what factor `values`, taken at equal distances and above zero, change from first to last: 1 where they do not.
    /// It is the slope of their logarithms over the whole time.
    pub(crate) fn of_growth(values: &[f64]) -> Self {
        let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let Self { estimate, lower, upper } = Self::of(&logarithms, 1.0 / values.len() as f64);
        Self { estimate: estimate.exp(), lower: lower.exp(), upper: upper.exp() }
    }
}

/// The slopes of all pairs, in rising order.
fn pairwise(values: &[f64], step: f64) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(values.len() * values.len() / 2);
    for (place, later) in values.iter().enumerate() {
        let earlier = values[..place].iter().enumerate();
        slopes.extend(earlier.map(|(at, earlier)| (later - earlier) / (step * (place - at) as f64)));
    }
    slopes.sort_by(f64::total_cmp);
    assert!(slopes.iter().all(|slope| !slope.is_nan()), "a point that is no number has no slope");
    slopes
}

/// The standard deviation of Kendall's S, the number of rising pairs less that of falling ones, where nothing rises or
/// falls; with Kendall's correction for values that are equal.
fn deviation(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let part = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    #[expect(clippy::float_cmp, reason = "ties are equal to the last bit")]
    let ties: f64 = sorted.chunk_by(|one, other| one == other).map(|tie| part(tie.len() as f64)).sum();
    ((part(values.len() as f64) - ties) / 18.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise between -1 and 1 that is the same each time (Knuth's multiplicative hash).
    fn noise(place: u32) -> f64 {
        f64::from(place.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX) * 2.0 - 1.0
    }

    fn series(rise: f64) -> Vec<f64> {
        (0..60).map(|place| 1_000.0 + rise * f64::from(place) + 20.0 * noise(place)).collect()
    }

    #[test]
    fn a_line_is_its_slope() {
        let slope = Slope::of(&[1.0, 3.0, 5.0, 7.0, 9.0], 2.0);
        assert!((slope.estimate - 1.0).abs() < 1e-12 && (slope.lower - 1.0).abs() < 1e-12, "{slope:?}");
        let flat = Slope::of(&[5.0; 10], 1.0);
        assert_eq!((flat.lower.to_bits(), flat.upper.to_bits()), (0.0_f64.to_bits(), 0.0_f64.to_bits()));
    }

    #[test]
    fn a_rise_is_found_and_noise_is_none() {
        let (rising, level) = (Slope::of(&series(1.0), 1.0), Slope::of(&series(0.0), 1.0));
        assert!(rising.lower > 0.5 && rising.upper < 1.5, "{rising:?}");
        assert!(level.lower < 0.0 && level.upper > 0.0, "{level:?}");
    }

    #[test]
    fn outliers_change_little() {
        let mut values = series(1.0);
        values.iter_mut().step_by(10).for_each(|value| *value += 1e6);
        let slope = Slope::of(&values, 1.0);
        assert!(slope.estimate > 0.5 && slope.estimate < 1.6, "{slope:?}");
    }

    /// Of 1, 2, 4, 3 the slopes are -1, 1/2, 2/3, 1, 3/2 and 2.
    #[test]
    fn the_median_of_all_pairs_is_meant() {
        assert!((Slope::of(&[1.0, 2.0, 4.0, 3.0], 1.0).estimate - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    #[should_panic(expected = "give two at least")]
    fn one_point_is_refused() {
        let _ = Slope::of(&[1.0], 1.0);
    }

    #[test]
    fn growth_is_the_factor_from_beginning_to_end() {
        let rising: Vec<f64> = (0..24).map(|at| 2.0_f64.powf(f64::from(at) / 24.0)).collect();
        let growth = Slope::of_growth(&rising);
        assert!((growth.estimate - 2.0).abs() < 1e-9 && (growth.lower - 2.0).abs() < 1e-9, "{growth:?}");
        let level = Slope::of_growth(&[5.0; 24]);
        assert!((level.estimate - 1.0).abs() < 1e-9 && (level.upper - 1.0).abs() < 1e-9, "{level:?}");
        let waves: Vec<f64> = (0..24).map(|at| 10.0 + f64::from(at * 7 % 5)).collect();
        let growth = Slope::of_growth(&waves);
        assert!(growth.lower < 1.0 && growth.upper > 1.0, "{growth:?}");
    }
}
