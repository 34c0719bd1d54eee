//! What a comparison says of one row.

use super::welch::normal_quantile;
use super::{Contrast, Decision, EquivalenceMargin, Evidence, Outcome, Settings};

/// The power at which the smallest detectable change and the runs that are needed are stated.
const POWER: f64 = 0.9;

/// One row of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The benchmark's id.
    pub id: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// Head over base; `None` where a side is missing.
    pub ratio: Option<f64>,
    /// The interval of the ratio, corrected for rows and looks; `None` where the data bound it on no side.
    pub interval: Option<[f64; 2]>,
    /// The pairs, or the runs of the side that has fewer.
    pub pairs: usize,
    /// The smallest change, as a fraction, that these data would have shown beyond the margin in nine of ten cases;
    /// `None` where there is none.
    pub detectable: Option<f64>,
    /// The pairs that would probably decide a row that is inconclusive.
    pub runs_needed: Option<usize>,
}

impl Change {
    pub(super) fn new(
        contrast: &Contrast,
        decided: Option<(&dyn Evidence, Decision)>,
        settings: &Settings,
    ) -> Self {
        let (id, pairs) = (contrast.id.clone(), contrast.values.pairs());
        let Some((evidence, decided)) = decided else {
            let outcome = if contrast.values.head().is_empty() { Outcome::Missing } else { Outcome::New };
            return Self {
                id,
                outcome,
                ratio: None,
                interval: None,
                pairs,
                detectable: None,
                runs_needed: None,
            };
        };
        let reach = Reach { evidence, zone: EquivalenceMargin::of(contrast), decided, pairs };
        let ends = decided.interval(evidence, reach.zone);
        Self {
            id,
            outcome: decided.outcome,
            ratio: Some(evidence.estimate().exp()),
            interval: ends.iter().all(|end| end.is_finite()).then(|| ends.map(f64::exp)),
            pairs,
            detectable: reach.detectable(),
            runs_needed: (decided.outcome == Outcome::Inconclusive)
                .then(|| reach.runs_needed(settings))
                .flatten(),
        }
    }
}

/// How far a row's data reach.
struct Reach<'a> {
    evidence: &'a dyn Evidence,
    zone: EquivalenceMargin,
    decided: Decision,
    pairs: usize,
}

impl Reach<'_> {
    /// From the middle of the interval to its end, and the share of that which another sample would need to exceed
    /// its own end with [`POWER`].
    fn detectable(&self) -> Option<f64> {
        let [lower, upper] = self.evidence.interval(self.decided.level / 2.0);
        let half = (upper - lower) / 2.0 + normal_quantile(1.0 - POWER) * self.evidence.standard_error();
        half.is_finite().then(|| (self.zone.reach() + half).exp_m1())
    }

    /// Pairs with which an interval around the present estimate would lie on one side of the nearest end of the zone
    /// (Chow, Shao & Wang 2008, chapter 3, for a mean of known spread).
    fn runs_needed(&self, settings: &Settings) -> Option<usize> {
        const MOST: f64 = 1e6;
        let spread = self.evidence.standard_error() * (self.pairs as f64).sqrt();
        let gap = (self.evidence.estimate().abs() - self.zone.reach()).abs();
        let level = if self.decided.level > 0.0 { self.decided.level } else { settings.alpha };
        let reach = normal_quantile(level / 2.0) + normal_quantile(1.0 - POWER);
        let wanted = (reach * spread / gap).powi(2).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a million, above zero"
        )]
        (wanted.is_finite() && wanted <= MOST).then(|| (wanted as usize).max(self.pairs + 1))
    }
}
