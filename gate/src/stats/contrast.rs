//! What is compared: the runs of one benchmark on both sides.

use super::{Evidence, PermutationTest, Settings, SignedRankTest, WelchTest, fewest_pairs, permutation};
use crate::model::error::Error;
use crate::thresholds::Better;

/// One benchmark's runs: a finite number above zero for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// The benchmark's id.
    pub id: String,
    /// Which direction is good.
    pub better: Better,
    /// The tolerance, as a fraction: 0.02 is two percent.
    pub margin: f64,
    /// The runs.
    pub values: Values,
}

/// The runs of both sides, or of the one that has the benchmark.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// The n-th run of the base and the n-th of the head were measured close to each other.
    Paired {
        /// Of the base.
        base: Vec<f64>,
        /// Of the head.
        head: Vec<f64>,
    },
    /// Runs without an order between the sides. Where a side has one run, the spread of the other stands for both.
    Unpaired {
        /// Of the base.
        base: Vec<f64>,
        /// Of the head.
        head: Vec<f64>,
    },
    /// One run of either side, of which it is known how far such runs differ.
    Single {
        /// Of the base.
        base: [f64; 1],
        /// Of the head.
        head: [f64; 1],
        /// The standard deviation of the logarithm of a run.
        spread: f64,
    },
    /// The head has no such benchmark.
    BaseOnly {
        /// Of the base.
        base: Vec<f64>,
    },
    /// The base has no such benchmark.
    HeadOnly {
        /// Of the head.
        head: Vec<f64>,
    },
}

impl Values {
    /// The runs of the base.
    #[must_use]
    pub fn base(&self) -> &[f64] {
        match self {
            Self::Paired { base, .. } | Self::Unpaired { base, .. } | Self::BaseOnly { base } => base,
            Self::Single { base, .. } => base,
            Self::HeadOnly { .. } => &[],
        }
    }

    /// The runs of the head.
    #[must_use]
    pub fn head(&self) -> &[f64] {
        match self {
            Self::Paired { head, .. } | Self::Unpaired { head, .. } | Self::HeadOnly { head } => head,
            Self::Single { head, .. } => head,
            Self::BaseOnly { .. } => &[],
        }
    }

    /// Whether both sides have the benchmark.
    #[must_use]
    pub fn is_two_sided(&self) -> bool {
        !matches!(self, Self::BaseOnly { .. } | Self::HeadOnly { .. })
    }

    /// The pairs, or the runs of the side that has fewer.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.base().len().min(self.head().len())
    }
}

impl Contrast {
    /// What the runs say about the logarithm of head over base; `None` where one side is missing.
    #[must_use]
    pub fn evidence(&self) -> Option<Box<dyn Evidence>> {
        match &self.values {
            Values::Paired { base, head } if base.len() <= permutation::MOST_PAIRS => {
                Some(Box::new(PermutationTest::new(base, head, self.better)))
            }
            Values::Paired { base, head } => Some(Box::new(SignedRankTest::new(log_ratios(base, head)))),
            Values::Unpaired { base, head } => Some(Box::new(WelchTest::of_two(&logs(base), &logs(head)))),
            Values::Single { base: [base], head: [head], spread } => {
                Some(Box::new(WelchTest::of_known_spread((head / base).ln(), *spread)))
            }
            Values::BaseOnly { .. } | Values::HeadOnly { .. } => None,
        }
    }
}

/// The logarithm of head over base of each pair.
#[must_use]
pub fn log_ratios(base: &[f64], head: &[f64]) -> Vec<f64> {
    base.iter().zip(head).map(|(base, head)| (head / base).ln()).collect()
}

fn logs(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln()).collect()
}

/// Refuses what cannot be compared, before anything is.
pub fn check(contrasts: &[Contrast], settings: &Settings) -> Result<(), Error> {
    let both = contrasts.iter().filter(|contrast| contrast.values.is_two_sided()).count();
    // A row is looked at in the family of all: with too few runs, no evidence whatever could decide it.
    let fewest = fewest_pairs(both, settings.alpha);
    contrasts.iter().try_for_each(|contrast| match why_not(contrast, fewest) {
        None => Ok(()),
        Some(problem) => Err(Error::Incomparable { id: contrast.id.clone(), problem }),
    })
}

fn why_not(contrast: &Contrast, fewest: usize) -> Option<String> {
    let (base, head) = (contrast.values.base(), contrast.values.head());
    let unfit = base.iter().chain(head).find(|value| !value.is_finite() || **value <= 0.0);
    match &contrast.values {
        _ if unfit.is_some() => {
            unfit.map(|value| format!("a run is {value}: expected a finite number above zero"))
        }
        Values::Paired { .. } if base.len() != head.len() => {
            Some(format!("{} base runs and {} head runs cannot be paired", base.len(), head.len()))
        }
        Values::Paired { .. } if base.len() < fewest => {
            Some(format!("{} pairs can never decide: this many rows need {fewest} at least", base.len()))
        }
        Values::Unpaired { .. } if base.is_empty() || head.is_empty() || base.len() + head.len() < 3 => {
            Some(format!("{} base and {} head runs show no run-to-run spread", base.len(), head.len()))
        }
        _ if !(contrast.margin.is_finite() && contrast.margin >= 0.0) => {
            Some(format!("a margin of {} is none: expected a fraction of 0 or more", contrast.margin))
        }
        _ => None,
    }
}
