//! What holds for all rows of a comparison: the error rate, the default margin, the looks.

use super::alpha_spending::AlphaSpending;

/// How often, in the long run, a family of rows may hold a claim that is wrong, unless another share is asked for.
pub const ALPHA: f64 = 0.05;

/// The tolerance of a comparison, as a fraction, unless another is asked for.
pub const MARGIN: f64 = 0.02;

/// What holds for all rows.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The share of comparisons that may hold a wrong claim about any row, between 0 and 1.
    pub alpha: f64,
    /// The looks that are taken at growing data; `None` is one look.
    pub looks: Option<AlphaSpending>,
}

impl Default for Settings {
    /// One look, at [`ALPHA`].
    fn default() -> Self {
        Self { alpha: ALPHA, looks: None }
    }
}

/// The fewest pairs with which one row of a family of `rows` can reach significance at `alpha` at all: each further pair
/// halves the smallest p-value that a signed-rank test can give, so that `2 / 2^pairs <= alpha / rows`.
#[must_use]
pub fn fewest_pairs(rows: usize, alpha: f64) -> usize {
    let wanted = rows.max(1) as f64 / alpha;
    std::iter::successors(Some(1.0_f64), |reach| Some(reach * 2.0))
        .take_while(|reach| *reach < wanted)
        .count()
        + 1
}
