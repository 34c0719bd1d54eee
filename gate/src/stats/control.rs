//! The null control: the base runs among themselves, in which nothing can have changed.

use super::contrast::log_ratios;
use super::holm::Hypothesis;
use super::{Contrast, EquivalenceMargin, Outcome, Settings, Values, WelchTest, holm};

/// The control's share of alpha: a fit machine is called unfit five times more seldom than a change is claimed wrongly.
const SHARE_OF_ALPHA: f64 = 0.2;

/// The fewest pairs of base runs that are worth a look.
const FEWEST_PAIRS: usize = 3;

/// What came of comparing each row's base runs with each other, the first of every two with the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// The rows whose base seems to differ from itself: none, on a machine that is fit to measure on.
    pub differing: Vec<String>,
    /// The rows that were looked at.
    pub rows: usize,
}

impl Control {
    /// Whether the machine is unfit: it shows a change where there is none.
    #[must_use]
    pub fn is_red(&self) -> bool {
        !self.differing.is_empty()
    }

    /// Judges the base runs of `contrasts` by the rule that judges the changes, as one family of its own.
    ///
    /// Half as many pairs as there are runs could never reach significance by signed ranks. Student's t can, and is
    /// why a control of few runs is able to turn red at all.
    #[must_use]
    pub fn among_base_runs(contrasts: &[Contrast], settings: &Settings) -> Option<Self> {
        let halves: Vec<(&Contrast, WelchTest)> =
            contrasts.iter().filter_map(|contrast| Some((contrast, halves(&contrast.values)?))).collect();
        let rows: Vec<Hypothesis<'_>> = halves
            .iter()
            .map(|(contrast, half)| Hypothesis::new(half, EquivalenceMargin::of(contrast), 0))
            .collect();
        let decided = holm::decide(&rows, &Settings { looks: None, alpha: settings.alpha * SHARE_OF_ALPHA });
        let differing = halves.iter().zip(decided).filter(|(_, decided)| differs(decided.outcome));
        let differing = differing.map(|((contrast, _), _)| contrast.id.clone()).collect();
        (!rows.is_empty()).then_some(Self { differing, rows: rows.len() })
    }
}

fn differs(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Regressed | Outcome::Improved)
}

/// The first of every two base runs against the second.
fn halves(values: &Values) -> Option<WelchTest> {
    let pairs: (Vec<f64>, Vec<f64>) = values.base().chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    (values.is_two_sided() && pairs.0.len() >= FEWEST_PAIRS)
        .then(|| WelchTest::of_pairs(&log_ratios(&pairs.0, &pairs.1)))
}
