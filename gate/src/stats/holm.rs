//! All rows together: which claims hold although there are many rows and, perhaps, many looks.

use serde::{Deserialize, Serialize};

use super::{AlphaSpending, Contrast, Evidence, Settings};
use crate::thresholds::Better;

/// Quantities that are counted are equal or not. Where no change is tolerated at all, runs without any difference are
/// still unchanged, and a difference in the last digit of a fraction is none.
const NOTHING: f64 = 1e-9;

/// The changes that are tolerated, as logarithms: from `-reach` to `reach`.
///
/// The zone of a margin m reaches from 1/(1+m) to 1+m, so that exchanging the sides changes no outcome but its direction.
#[derive(Debug, Clone, Copy)]
pub struct EquivalenceMargin {
    reach: f64,
    better: Better,
}

impl EquivalenceMargin {
    /// The zone of `contrast`.
    #[must_use]
    pub fn of(contrast: &Contrast) -> Self {
        Self { reach: contrast.margin.ln_1p(), better: contrast.better }
    }

    /// How far it reaches on either side, as a logarithm.
    #[must_use]
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// The changes that `outcome` leaves.
    fn left_by(&self, outcome: Outcome) -> [f64; 2] {
        match (outcome, self.better) {
            (Outcome::Unchanged, _) => [-self.reach, self.reach],
            (Outcome::Regressed, Better::Lower) | (Outcome::Improved, Better::Higher) => {
                [self.reach, f64::INFINITY]
            }
            (Outcome::Improved, Better::Lower) | (Outcome::Regressed, Better::Higher) => {
                [f64::NEG_INFINITY, -self.reach]
            }
            _ => [f64::NEG_INFINITY, f64::INFINITY],
        }
    }

    /// The claim that `evidence` supports best, and the two-sided probability of so much support for a wrong claim.
    fn claim(&self, evidence: &dyn Evidence) -> (Outcome, f64) {
        let reach = self.reach.max(NOTHING);
        let (above, below) = (evidence.above(reach), evidence.below(-reach));
        let within = evidence.below(reach).max(evidence.above(-reach));
        let (rises, falls) = match self.better {
            Better::Lower => (Outcome::Regressed, Outcome::Improved),
            Better::Higher => (Outcome::Improved, Outcome::Regressed),
        };
        let claims = [(rises, above), (falls, below), (Outcome::Unchanged, within)];
        let best = claims.into_iter().min_by(|one, other| one.1.total_cmp(&other.1));
        best.map_or((Outcome::Inconclusive, 1.0), |(outcome, tail)| (outcome, (2.0 * tail).min(1.0)))
    }
}

/// What a change comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The whole interval lies beyond the margin, on the good side.
    Improved,
    /// The whole interval lies within the margin.
    Unchanged,
    /// The whole interval lies beyond the margin, on the bad side.
    Regressed,
    /// None of these: the data cannot tell.
    Inconclusive,
    /// The base has no such benchmark.
    New,
    /// The head has no such benchmark.
    Missing,
}

/// What is decided about one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// The claim that holds, or [`Outcome::Inconclusive`].
    pub outcome: Outcome,
    /// The probability that the row's interval misses the change, both sides together: corrected for rows and looks.
    pub level: f64,
}

impl Decision {
    /// The interval of `evidence` with which all rows together hold: an equal share of alpha for each, cut to what
    /// the claim leaves. Holm's own levels, which differ from row to row, would not hold for intervals; cutting them to
    /// the claim does (Guilbaud 2008, Strassburger & Bretz 2008).
    #[must_use]
    pub fn interval(&self, evidence: &dyn Evidence, zone: EquivalenceMargin) -> [f64; 2] {
        let [lower, upper] = evidence.interval(self.level / 2.0);
        let [least, most] = zone.left_by(self.outcome);
        [lower.max(least), upper.min(most)]
    }
}

/// One row that has evidence.
pub struct Hypothesis<'a> {
    evidence: &'a dyn Evidence,
    zone: EquivalenceMargin,
    pairs: usize,
}

impl<'a> Hypothesis<'a> {
    /// A row with `pairs` that lies in or out of `zone`.
    #[must_use]
    pub fn new(evidence: &'a dyn Evidence, zone: EquivalenceMargin, pairs: usize) -> Self {
        Self { evidence, zone, pairs }
    }
}

/// The rows of `contrasts` that have evidence, in their order.
pub fn hypotheses<'a>(
    contrasts: &[Contrast],
    evidence: &'a [Option<Box<dyn Evidence>>],
) -> Vec<Hypothesis<'a>> {
    let rows = contrasts.iter().zip(evidence).filter_map(|(contrast, evidence)| {
        let evidence = evidence.as_deref()?;
        Some(Hypothesis::new(evidence, EquivalenceMargin::of(contrast), contrast.values.pairs()))
    });
    rows.collect()
}

/// Decides each of `rows`, so that a wrong claim about any of them has a probability of `alpha` at most.
///
/// Holm (1979): the claims in rising order of their p-values hold up to the first that exceeds alpha over the number of
/// rows that are left. Where there are looks, a p-value is the smallest alpha at which its look would have let it pass
/// (Liu & Anderson 2008), so that Holm's argument holds for whatever look a row stopped at.
#[must_use]
pub fn decide(rows: &[Hypothesis<'_>], settings: &Settings) -> Vec<Decision> {
    let claims: Vec<(Outcome, f64)> = rows.iter().map(|row| row.claim(settings.looks.as_ref())).collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|one, other| claims[*one].1.total_cmp(&claims[*other].1));
    let share = |rank: usize| settings.alpha / (rows.len() - rank) as f64;
    let holding = order.iter().enumerate().take_while(|(rank, row)| claims[**row].1 <= share(*rank)).count();
    let mut decided = vec![Decision { outcome: Outcome::Inconclusive, level: 0.0 }; rows.len()];
    for (rank, row) in order.into_iter().enumerate() {
        let outcome = if rank < holding { claims[row].0 } else { Outcome::Inconclusive };
        decided[row] = Decision { outcome, level: rows[row].level(settings.looks.as_ref(), share(0)) };
    }
    decided
}

impl Hypothesis<'_> {
    fn claim(&self, looks: Option<&AlphaSpending>) -> (Outcome, f64) {
        let (outcome, p) = self.zone.claim(self.evidence);
        (outcome, looks.map_or(p, |looks| looks.overall_p(self.pairs, p)))
    }

    fn level(&self, looks: Option<&AlphaSpending>, share: f64) -> f64 {
        looks.map_or(share, |looks| looks.nominal_alpha(self.pairs, share))
    }
}
