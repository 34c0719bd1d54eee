//! One benchmark that both sides have: what its runs gave, what they cost, and whether it needs more of them.

use std::time::Duration;

use super::effort::{Effort, Seen};
use super::schedule::Arm;
use super::series::Series;
use super::shot::variance;
use crate::stats::{Change, Contrast, Outcome, Values};
use crate::thresholds::Better;
use crate::thresholds::policies::RowPolicy;

/// The fewest pairs that a length is chosen from.
const PILOT: usize = 4;

/// Which evidence a run belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The first.
    First,
    /// The one that confirms it, of fresh runs alone.
    Confirmation,
}

/// How a row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// More pairs are wanted.
    Open,
    /// The first evidence has an answer, or will get no more.
    Closed,
    /// It regressed by the first evidence, and fresh runs say so too.
    Confirmed,
    /// It regressed by the first evidence, and this is why that does not count.
    Unconfirmed(&'static str),
    /// Too dear for the budget: not in the family.
    GivenUp,
    /// Its bench cannot run on the head.
    Failed,
}

/// One benchmark that both sides have.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// The position of its bench target.
    pub bench: usize,
    /// What its change is held to.
    pub policy: RowPolicy,
    /// How it stands.
    pub standing: Standing,
    /// How long one process measures it.
    pub effort: Effort,
    /// Its runs, of the first evidence.
    pub first: Series,
    /// Those that confirm it.
    pub fresh: Series,
    /// What those say, where they confirm it.
    pub confirmed: Option<Change>,
    /// Variances within runs.
    within: Vec<f64>,
    cost: Cost,
    is_tuned: bool,
}

/// Seconds that a process takes for one row.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// Where it is measured alone, once that was seen.
    alone: Option<f64>,
    /// Where it is one of several.
    among: f64,
}

impl Row {
    /// A row without runs.
    #[must_use]
    pub fn new(id: String, bench: usize, policy: RowPolicy) -> Self {
        Self {
            id,
            bench,
            policy,
            standing: Standing::Open,
            effort: Effort::default(),
            first: Series::default(),
            fresh: Series::default(),
            confirmed: None,
            within: Vec::new(),
            cost: Cost::default(),
            is_tuned: false,
        }
    }

    /// Its runs of `phase`.
    #[must_use]
    pub fn series(&self, phase: Phase) -> &Series {
        match phase {
            Phase::First => &self.first,
            Phase::Confirmation => &self.fresh,
        }
    }

    /// Adds a run whose samples have the variance `within`.
    pub fn add(&mut self, phase: Phase, arm: Arm, value: f64, within: f64) {
        let series = match phase {
            Phase::First => &mut self.first,
            Phase::Confirmation => &mut self.fresh,
        };
        series.push(arm, value);
        self.within.push(within);
    }

    /// Its base and head of `phase`.
    #[must_use]
    pub fn contrast(&self, phase: Phase) -> Contrast {
        self.contrasting(self.series(phase).change())
    }

    /// Its base against itself, in the confirmation.
    #[must_use]
    pub fn control(&self) -> Contrast {
        self.contrasting(self.fresh.control())
    }

    fn contrasting(&self, values: Values) -> Contrast {
        Contrast { id: self.id.clone(), better: self.policy.better, margin: self.policy.margin, values }
    }

    /// Whether more pairs are wanted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }

    /// Whether its first evidence is one of those that are judged together.
    #[must_use]
    pub fn is_in_family(&self) -> bool {
        !matches!(self.standing, Standing::GivenUp | Standing::Failed)
    }

    /// Whether its middle pair is beyond the margin on the bad side: it may have to be confirmed.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        let middle = self.middle_ratio().unwrap_or(1.0);
        let worse = match self.policy.better {
            Better::Lower => middle,
            Better::Higher => 1.0 / middle,
        };
        worse > 1.0 + self.policy.margin
    }

    /// What it comes to, if the first evidence says `change`: no regression without a confirmation, whose runs are those
    /// that are told, since they did not choose the row.
    #[must_use]
    pub fn concluded(&self, change: Change) -> Change {
        let pairs = self.first.pairs() + self.fresh.pairs();
        match &self.confirmed {
            Some(confirmed) => Change { pairs, ..confirmed.clone() },
            None if change.outcome == Outcome::Regressed => {
                Change { outcome: Outcome::Inconclusive, pairs, ..change }
            }
            None => change,
        }
    }

    /// What it comes to with too few pairs, where `needed` would be the first to tell anything.
    #[must_use]
    pub fn without_evidence(&self, needed: usize) -> Change {
        let (id, pairs) = (self.id.clone(), self.first.pairs());
        let outcome = Outcome::Inconclusive;
        Change {
            id,
            outcome,
            ratio: self.middle_ratio(),
            interval: None,
            pairs,
            detectable: None,
            runs_needed: Some(needed),
        }
    }

    /// The ratio of its middle pair.
    fn middle_ratio(&self) -> Option<f64> {
        let mut ratios = self.first.log_ratios();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).map(|middle| middle.exp())
    }

    /// Notes what a process took that measured this row alone.
    pub fn took_alone(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        self.cost.alone = Some(self.cost.alone.map_or(seconds, |before| f64::midpoint(before, seconds)));
    }

    /// Notes what this row took of a process that measured several.
    pub fn took_among(&mut self, elapsed: Duration) {
        self.cost.among = elapsed.as_secs_f64();
    }

    /// The seconds that a process for this row alone will take, where one needs `start` before it measures.
    #[must_use]
    pub fn seconds_alone(&self, start: f64) -> f64 {
        self.cost.alone.unwrap_or(start + self.cost.among)
    }

    /// The seconds that it adds to a process that measures others too.
    #[must_use]
    pub fn seconds_among(&self) -> f64 {
        self.cost.among
    }

    /// Chooses how long a run is to be, once and for all, as soon as there are runs to tell.
    pub fn choose_length(&mut self, start: f64) {
        if self.is_tuned || self.first.pairs() < PILOT {
            return;
        }
        self.is_tuned = true;
        let ratios = self.first.log_ratios();
        let within = self.within.iter().sum::<f64>() / self.within.len() as f64;
        let start_seconds = (self.seconds_alone(start) - self.effort.measurement.as_secs_f64()).max(0.0);
        let seen = Seen { within, variance: variance(&ratios) / 2.0, start_seconds };
        self.effort = self.effort.improved(&seen);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::thresholds::Statistic;

    /// What a row is held to of which nothing is said.
    pub fn policy() -> RowPolicy {
        let (better, statistic) = (Better::Lower, Statistic::P10);
        RowPolicy { better, statistic, margin: 0.02, soft_margin: None, critical: None, required: true }
    }

    fn row(pairs: &[(f64, f64)]) -> Row {
        let mut row = Row::new("a/b".to_owned(), 0, policy());
        for (base, head) in pairs {
            row.add(Phase::First, Arm::Base, *base, 1e-6);
            row.add(Phase::First, Arm::Head, *head, 1e-6);
        }
        row
    }

    #[test]
    fn a_suspect_is_on_the_bad_side_of_its_margin() {
        let mut row = row(&[(1.0, 1.5), (1.0, 1.03), (1.0, 0.9)]);
        assert!(row.is_suspect());
        row.policy.margin = 0.04;
        assert!(!row.is_suspect());
        row.policy = RowPolicy { better: Better::Higher, margin: 0.0, ..policy() };
        assert!(!row.is_suspect());
    }

    #[test]
    fn a_length_is_chosen_once_there_are_pairs() {
        let noisy = [(1.0, 1.2), (1.0, 0.8), (1.0, 1.1), (1.0, 0.9)];
        let mut few = row(&noisy[..3]);
        few.choose_length(0.1);
        assert_eq!(few.effort, Effort::default());
        let mut enough = row(&noisy);
        enough.choose_length(0.1);
        assert!(
            enough.effort.measurement < Effort::default().measurement,
            "noise between asks for short runs"
        );
    }
}
