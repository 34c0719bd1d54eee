//! One benchmark that both sides have: what its runs gave, what they cost, and whether it needs more of them.

use std::time::Duration;

use super::effort::{Effort, RunCost};
use super::process::variance;
use crate::stats::{self, Change, Contrast, Outcome, Values};
use crate::thresholds::Better;
use crate::thresholds::policies::RowPolicy;

/// The fewest pairs that a length is chosen from.
const PILOT: usize = 4;

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Arm {
    Base,
    Head,
    /// The base once more: the null control of a confirmation.
    Control,
}

impl Arm {
    /// Whether the base's executables are run.
    pub(crate) fn is_base(self) -> bool {
        self != Self::Head
    }
}

/// Which evidence a run belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    First,
    /// Fresh runs alone, that did not choose the row.
    Confirmation,
}

/// Whether a row gets more runs, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowState {
    /// More pairs are wanted.
    Open,
    /// The first evidence has an answer, or will get no more.
    Closed,
    /// It regressed by the first evidence, and fresh runs say so too.
    Confirmed,
    /// It regressed by the first evidence, and this is why that does not count.
    Unconfirmed(&'static str),
    /// Too expensive for the budget: not in the family.
    GivenUp,
    /// Its bench cannot run on the head.
    Failed,
}

/// One number for each run, by arm.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    base: Vec<f64>,
    head: Vec<f64>,
    control: Vec<f64>,
}

impl Series {
    fn push(&mut self, arm: Arm, value: f64) {
        match arm {
            Arm::Base => self.base.push(value),
            Arm::Head => self.head.push(value),
            Arm::Control => self.control.push(value),
        }
    }

    /// The pairs that are complete.
    pub(crate) fn pairs(&self) -> usize {
        self.base.len().min(self.head.len())
    }

    /// The base against the head.
    fn change(&self) -> Values {
        paired(&self.base, &self.head)
    }

    /// The base against itself.
    fn control(&self) -> Values {
        paired(&self.base, &self.control)
    }
}

fn paired(base: &[f64], head: &[f64]) -> Values {
    let pairs = base.len().min(head.len());
    Values::Paired { base: base[..pairs].to_vec(), head: head[..pairs].to_vec() }
}

/// One benchmark that both sides have.
#[derive(Debug, Clone)]
pub(crate) struct SampledRow {
    pub(crate) id: String,
    /// The position of its bench target.
    pub(crate) target: usize,
    /// What its change is held to.
    pub(crate) policy: RowPolicy,
    pub(crate) state: RowState,
    /// How long one process measures it.
    pub(crate) effort: Effort,
    /// Its runs, of the first evidence.
    pub(crate) first: Series,
    /// Those that confirm it.
    pub(crate) fresh: Series,
    /// What those say, where they confirm it.
    pub(crate) confirmed: Option<Change>,
    /// Variances within runs.
    within: Vec<f64>,
    /// The seconds of a process that measures it alone, once that was seen.
    alone: Option<f64>,
    /// The seconds that it adds to a process that measures others too.
    pub(crate) among: f64,
    is_tuned: bool,
}

impl SampledRow {
    /// A row without runs.
    pub(crate) fn new(id: String, target: usize, policy: RowPolicy) -> Self {
        Self {
            id,
            target,
            policy,
            state: RowState::Open,
            effort: Effort::default(),
            first: Series::default(),
            fresh: Series::default(),
            confirmed: None,
            within: Vec::new(),
            alone: None,
            among: 0.0,
            is_tuned: false,
        }
    }

    pub(crate) fn series(&self, phase: Phase) -> &Series {
        match phase {
            Phase::First => &self.first,
            Phase::Confirmation => &self.fresh,
        }
    }

    /// Adds a run whose samples have the variance `within`.
    pub(crate) fn add(&mut self, phase: Phase, arm: Arm, value: f64, within: f64) {
        let series = match phase {
            Phase::First => &mut self.first,
            Phase::Confirmation => &mut self.fresh,
        };
        series.push(arm, value);
        self.within.push(within);
    }

    /// Its base and head of `phase`.
    pub(crate) fn contrast(&self, phase: Phase) -> Contrast {
        self.contrasting(self.series(phase).change())
    }

    /// Its base against itself, in the confirmation.
    pub(crate) fn control(&self) -> Contrast {
        self.contrasting(self.fresh.control())
    }

    fn contrasting(&self, values: Values) -> Contrast {
        Contrast { id: self.id.clone(), better: self.policy.better, margin: self.policy.margin, values }
    }

    /// Whether more pairs are wanted.
    pub(crate) fn is_open(&self) -> bool {
        self.state == RowState::Open
    }

    /// Whether its first evidence is one of those that are judged together.
    pub(crate) fn is_in_family(&self) -> bool {
        !matches!(self.state, RowState::GivenUp | RowState::Failed)
    }

    /// Whether its middle pair is beyond the margin on the bad side: it may have to be confirmed.
    pub(crate) fn is_suspect(&self) -> bool {
        let middle = self.middle_ratio().unwrap_or(1.0);
        let worse = match self.policy.better {
            Better::Lower => middle,
            Better::Higher => 1.0 / middle,
        };
        worse > 1.0 + self.policy.margin
    }

    /// What it comes to, if the first evidence says `change`: no regression without a confirmation, whose runs are
    /// reported, since they did not choose the row.
    pub(crate) fn concluded(&self, change: Change) -> Change {
        let pairs = self.first.pairs() + self.fresh.pairs();
        match &self.confirmed {
            Some(confirmed) => Change { pairs, ..confirmed.clone() },
            None if change.outcome == Outcome::Regressed => {
                Change { outcome: Outcome::Inconclusive, pairs, ..change }
            }
            None => change,
        }
    }

    /// What it comes to with too few pairs, where `needed` is the first number that could decide.
    pub(crate) fn without_evidence(&self, needed: usize) -> Change {
        let (id, ratio, pairs) = (self.id.clone(), self.middle_ratio(), self.first.pairs());
        let (outcome, runs_needed) = (Outcome::Inconclusive, Some(needed));
        Change { id, outcome, ratio, interval: None, pairs, detectable: None, runs_needed }
    }

    /// The ratio of its middle pair.
    fn middle_ratio(&self) -> Option<f64> {
        let mut ratios = stats::log_ratios(&self.first.base, &self.first.head);
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).map(|middle| middle.exp())
    }

    /// Records what a process took that measured this row alone.
    pub(crate) fn took_alone(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        self.alone = Some(self.alone.map_or(seconds, |before| f64::midpoint(before, seconds)));
    }

    /// Records what this row took of a process that measured several.
    pub(crate) fn took_among(&mut self, elapsed: Duration) {
        self.among = elapsed.as_secs_f64();
    }

    /// The seconds that a process for this row alone will take, where one needs `start` before it measures.
    pub(crate) fn seconds_alone(&self, start: f64) -> f64 {
        self.alone.unwrap_or(start + self.among)
    }

    /// Chooses the length of a run, once, as soon as there are runs that show what is best.
    pub(crate) fn choose_length(&mut self, start: f64) {
        if self.is_tuned || self.first.pairs() < PILOT {
            return;
        }
        self.is_tuned = true;
        let ratios = stats::log_ratios(&self.first.base, &self.first.head);
        let within = self.within.iter().sum::<f64>() / self.within.len() as f64;
        let start_seconds = (self.seconds_alone(start) - self.effort.measurement.as_secs_f64()).max(0.0);
        let seen = RunCost { within, variance: variance(&ratios) / 2.0, start_seconds };
        self.effort = self.effort.improved(&seen);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::thresholds::Statistic;

    /// What a row is held to without thresholds.
    pub(crate) fn policy() -> RowPolicy {
        let (better, statistic) = (Better::Lower, Statistic::P10);
        RowPolicy { better, statistic, margin: 0.02, soft_margin: None, critical: None, required: true }
    }

    fn row(pairs: &[(f64, f64)]) -> SampledRow {
        let mut row = SampledRow::new("a/b".to_owned(), 0, policy());
        for (base, head) in pairs {
            row.add(Phase::First, Arm::Base, *base, 1e-6);
            row.add(Phase::First, Arm::Head, *head, 1e-6);
        }
        row
    }

    #[test]
    fn an_incomplete_pair_is_left_out() {
        let mut series = Series::default();
        for (arm, value) in [(Arm::Base, 1.0), (Arm::Head, 2.0), (Arm::Base, 3.0), (Arm::Control, 4.0)] {
            series.push(arm, value);
        }
        assert_eq!(series.change(), Values::Paired { base: vec![1.0], head: vec![2.0] });
        assert_eq!(series.control(), Values::Paired { base: vec![1.0], head: vec![4.0] });
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
        let is_shorter = enough.effort.measurement < Effort::default().measurement;
        assert!(is_shorter, "noise between processes asks for short runs");
    }
}
