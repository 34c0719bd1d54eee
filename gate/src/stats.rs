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
mod settings;
mod signed_rank;
mod welch;

use crate::model::error::Error;

pub use alpha_spending::AlphaSpending;
pub use change::Change;
pub use contrast::{Contrast, Values, log_ratios};
pub use control::Control;
pub use evidence::Evidence;
pub use holm::{Decision, EquivalenceMargin, Outcome, decide};
pub use permutation::PermutationTest;
pub use settings::{ALPHA, MARGIN, Settings, fewest_pairs};
pub use signed_rank::SignedRankTest;
pub use welch::WelchTest;

/// What a comparison comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// A row for each contrast, in their order.
    pub rows: Vec<Change>,
    /// The base runs among themselves; `None` where they are too few to be compared.
    pub control: Option<Control>,
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
