//! Did it get slower: runs of a base against runs of a head, row by row, with one error rate for all rows together.
//!
//! ```text
//! Contrast ──> Evidence (log ratios) ──> Claim (p) ──> Family (Holm) ──> Change (outcome, ratio, interval)
//!     └──────> the base among itself ──────────────────────────────────> Control
//! ```
//!
//! Pure functions: no file, no clock. The unit of evidence is a process run, so a contrast holds one number for each
//! run. A change is the logarithm of head over base. Each row has an interval for it, whose level is corrected for the
//! number of rows (Holm 1979) and, where the data are looked at several times, for the looks ([`AlphaSpending`]). The outcome
//! follows from where that interval lies: beyond the margin on one side, within it, or neither.

mod alpha_spending;
mod change;
mod contrast;
mod control;
mod evidence;
mod holm;
mod permutation;
mod signed_rank;
mod welch;

use crate::model::error::Error;

pub use alpha_spending::AlphaSpending;
pub use change::{Change, Outcome};
pub use contrast::{Contrast, Values, log_ratios};
pub use control::Control;
pub use evidence::Evidence;
pub use holm::{Decision, EquivalenceMargin, decide};
pub use permutation::PermutationTest;
pub use signed_rank::SignedRankTest;
pub use welch::WelchTest;

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

/// What a comparison comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// A row for each contrast, in their order.
    pub rows: Vec<Change>,
    /// The base runs among themselves; `None` where they are too few to be compared.
    pub control: Option<Control>,
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

/// Compares the runs of each contrast.
///
/// # Errors
/// [`Error::Incomparable`] where a value is no finite number above zero, where pairs are unequal, where there are
/// fewer runs than can ever decide, or where nothing can be compared.
pub fn compare(contrasts: &[Contrast], settings: &Settings) -> Result<Comparison, Error> {
    let rows = changes(contrasts, settings)?;
    Ok(Comparison { rows, control: Control::among_base_runs(contrasts, settings) })
}

/// [`compare`] without the control: the changes alone, one for each contrast.
///
/// # Errors
/// As [`compare`].
pub fn changes(contrasts: &[Contrast], settings: &Settings) -> Result<Vec<Change>, Error> {
    contrast::check(contrasts, settings)?;
    let evidence: Vec<Option<Box<dyn Evidence>>> = contrasts.iter().map(Contrast::evidence).collect();
    let decided = holm::decide(&holm::hypotheses(contrasts, &evidence), settings);
    let mut decided = decided.into_iter();
    let rows = contrasts.iter().zip(&evidence).map(|(contrast, evidence)| {
        let decided = evidence.as_ref().and_then(|evidence| Some((evidence.as_ref(), decided.next()?)));
        Change::new(contrast, decided, settings)
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests;
