//! A comparison, held to its policy.

use serde::Serialize;

use crate::model::environment::Environment;
use crate::stats::{Change, Control, Outcome};
use crate::thresholds::policies::RowPolicy;
use crate::thresholds::{Accepted, Better, Margin};

use super::{Coverage, Failure, Finding, Verdict};

/// The improvement beyond which the work may not be done any more: 60 %.
const SUSPICIOUS: f64 = 0.6;

/// One side, as it is reported.
#[derive(Debug, Clone)]
pub struct ComparedSide {
    /// What people call it.
    pub name: String,
    /// Where each of its runs comes from.
    pub origins: Vec<String>,
    /// Where they were measured; `None` where that is unknown.
    pub environment: Option<Environment>,
}

/// How a comparison was made.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedSettings {
    /// The share of comparisons that may hold a wrong claim about any row.
    pub alpha: f64,
    /// The margin of rows that have none of their own.
    pub margin: Margin,
    /// Whether the n-th runs of both belong together.
    pub paired: bool,
    /// Whether rows that stay inconclusive keep the verdict from being a pass.
    pub strict: bool,
}

/// A comparison with all that follows from it.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What was compared with.
    pub base: ComparedSide,
    /// What was compared.
    pub head: ComparedSide,
    /// How.
    pub settings: ComparedSettings,
    /// What differs between the environments, where that was allowed.
    pub different_environment: Option<String>,
    /// A row for each benchmark, by id.
    pub rows: Vec<ComparedRow>,
    /// The base runs among themselves, where they are enough.
    pub control: Option<Control>,
    /// What the reader should know of the evidence.
    pub notes: Vec<String>,
    /// How it was measured, where that was done for it.
    pub measuring: Option<Measuring>,
    /// Everything that keeps its verdict from being a pass.
    pub findings: Vec<Finding>,
    /// The worst of its findings.
    pub verdict: Verdict,
}

/// How both sides were measured, turn by turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measuring {
    /// The time that it took, builds not counted.
    pub seconds: f64,
    /// The time that it might have taken.
    pub budget_seconds: f64,
    /// The seed of the order.
    pub seed: u64,
    /// The processor that each bench process was held to; `None` where it had all of them.
    pub processor: Option<usize>,
    /// Bench targets that could not run on the head.
    pub failures: Vec<Failure>,
    /// Rows of both sides that have too few runs to decide anything, each with the reason.
    #[serde(skip)]
    pub not_measured: Vec<String>,
}

/// One benchmark's change, with what it is held to.
#[derive(Debug, Clone)]
pub struct ComparedRow {
    /// What the runs say.
    pub change: Change,
    /// What it is held to.
    pub policy: RowPolicy,
    /// Why it may be worse or gone, where `thresholds.toml` acknowledges it.
    pub accepted: Option<Accepted>,
}

impl ComparedRow {
    /// A row of `change`, held to `policy`. One run against one is CRITICAL where the change itself reaches that limit,
    /// and its whole interval the one that is warned of: the interval is too wide to lie beyond the limit that it is
    /// expected to find.
    #[must_use]
    pub fn new(change: Change, policy: RowPolicy) -> Self {
        let mut row = Self { change, policy, accepted: None };
        if row.reaches_critical() && row.warns() {
            row.change.outcome = Outcome::Regressed;
        }
        row
    }

    /// Whether it is worse by more than its soft margin, beyond doubt.
    #[must_use]
    pub fn warns(&self) -> bool {
        let Some((soft, [lower, upper])) = self.policy.soft_margin.zip(self.change.interval) else {
            return false;
        };
        match self.policy.better {
            Better::Lower => lower > 1.0 + soft,
            Better::Higher => upper < 1.0 / (1.0 + soft),
        }
    }

    /// Whether it is better by so much that the work may not be done any more.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        let ratio = self.change.ratio.filter(|_| self.change.outcome == Outcome::Improved);
        ratio.is_some_and(|ratio| self.policy.better.worsening(ratio) < 1.0 - SUSPICIOUS)
    }

    /// The change in words: `+5.2 % [+3.1 %, +7.4 %]`.
    #[must_use]
    pub fn shown_change(&self) -> String {
        let percent = |ratio: f64| format!("{:+.1} %", 100.0 * (ratio - 1.0));
        let ratio = self.change.ratio.map_or_else(|| "-".to_owned(), percent);
        let interval = self.change.interval.map(|ends| ends.map(percent).join(", "));
        ratio + &interval.map(|ends| format!(" [{ends}]")).unwrap_or_default()
    }

    /// Whether the change itself reaches the critical limit, whatever its interval shows.
    fn reaches_critical(&self) -> bool {
        let worsening = self.change.ratio.map(|ratio| self.policy.better.worsening(ratio));
        self.policy.critical.zip(worsening).is_some_and(|(critical, worsening)| worsening >= 1.0 + critical)
    }

    /// Whether it has too few runs to say anything.
    fn is_unmeasured(&self) -> bool {
        self.change.outcome == Outcome::Inconclusive
            && self.change.detectable.is_none()
            && self.change.interval.is_none()
    }

    /// What it keeps from being a pass, if it does.
    fn finding(&self, strict: bool) -> Option<Finding> {
        let (id, margin) = (&self.change.id, Margin::Fraction(self.policy.margin));
        match self.change.outcome {
            _ if self.accepted.is_some() => None,
            Outcome::Regressed => Some(Finding {
                verdict: Verdict::Fail,
                reason: match self.policy.critical.map(Margin::Fraction) {
                    Some(critical) => format!("{id} is CRITICAL: {}, limit +{critical}", self.shown_change()),
                    None => format!("{id} REGRESSED: {}, margin {margin}", self.shown_change()),
                },
            }),
            Outcome::Improved if strict && self.is_suspicious() => Some(Finding::inconclusive(format!(
                "{id} is SUSPICIOUS: {}: is the work still done?",
                self.shown_change()
            ))),
            Outcome::Missing if self.policy.required => Some(Finding {
                verdict: Verdict::Fail,
                reason: format!("{id} is MISSING: the head has no such benchmark"),
            }),
            Outcome::Inconclusive if strict || self.reaches_critical() => Some(Finding::inconclusive(
                format!("{id} is INCONCLUSIVE: {}, margin {margin}", self.shown_change()),
            )),
            _ => None,
        }
    }
}

impl Compared {
    /// The comparison of the two `sides`, base and head, with its findings.
    #[must_use]
    pub fn new(
        [base, head]: [ComparedSide; 2],
        settings: ComparedSettings,
        (rows, control): (Vec<ComparedRow>, Option<Control>),
        different_environment: Option<String>,
        notes: Vec<String>,
        measuring: Option<Measuring>,
    ) -> Self {
        let (findings, verdict) = (Vec::new(), Verdict::Pass);
        let mut compared = Self {
            base,
            head,
            settings,
            different_environment,
            rows,
            control,
            notes,
            measuring,
            findings,
            verdict,
        };
        compared.findings = compared.all_findings();
        compared.verdict = Finding::worst(&compared.findings);
        compared
    }

    /// How many rows could be compared, and why the others could not.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let (new, missing) = (self.count(Outcome::New), self.count(Outcome::Missing));
        let without_runs =
            self.rows.iter().filter(|row| self.measuring.is_some() && row.is_unmeasured()).count();
        let left_out =
            vec![(new, "only in the head"), (missing, "only in the base"), (without_runs, "not measured")];
        Coverage::new(self.rows.len() - new - missing - without_runs, left_out)
    }

    /// How many rows came to `outcome`.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.of_outcome(outcome).count()
    }

    /// The rows that came to `outcome`.
    pub(super) fn of_outcome(&self, outcome: Outcome) -> impl Iterator<Item = &ComparedRow> {
        self.rows.iter().filter(move |row| row.change.outcome == outcome)
    }

    /// Where the control is red nothing fails: a machine that shows a change of the base against itself says nothing of
    /// the head.
    fn all_findings(&self) -> Vec<Finding> {
        let rows = self.rows.iter().filter_map(|row| row.finding(self.settings.strict));
        let rows = rows.chain(self.nothing_compared()).chain(self.not_measured());
        let rows: Vec<Finding> = match self.red_control() {
            None => rows.collect(),
            Some(reason) => {
                let reasons = std::iter::once(reason).chain(rows.map(|finding| finding.reason));
                reasons.map(Finding::inconclusive).collect()
            }
        };
        self.failed().chain(rows).collect()
    }

    /// The bench targets that could not run, whatever the control says.
    fn failed(&self) -> impl Iterator<Item = Finding> {
        let failures = self.measuring.iter().flat_map(|measuring| &measuring.failures);
        failures.map(|failure| Finding {
            verdict: Verdict::Fail,
            reason: format!("{} could not run on the head: {}", failure.category, failure.reason),
        })
    }

    /// The rows that the budget left open: no verdict passes over them.
    fn not_measured(&self) -> impl Iterator<Item = Finding> {
        let rows = self.measuring.iter().flat_map(|measuring| &measuring.not_measured);
        rows.cloned().map(Finding::inconclusive)
    }

    fn nothing_compared(&self) -> Option<Finding> {
        let is_two_sided =
            |row: &&ComparedRow| !matches!(row.change.outcome, Outcome::New | Outcome::Missing);
        let two_sided: Vec<&ComparedRow> = self.rows.iter().filter(is_two_sided).collect();
        let is_open =
            |row: &&ComparedRow| row.change.outcome == Outcome::Inconclusive && row.accepted.is_none();
        match two_sided[..] {
            [] => Some(Finding::bad_input("nothing was compared: no benchmark is on both sides".to_owned())),
            _ if self.measuring.is_some() && two_sided.iter().all(|row| row.is_unmeasured()) => {
                let reason =
                    "nothing was compared: the budget is too small for the fewest pairs that could decide";
                Some(Finding::bad_input(reason.to_owned()))
            }
            _ if !self.settings.strict && two_sided.iter().all(is_open) => {
                Some(Finding::inconclusive(format!("0 of {} rows could be decided", two_sided.len())))
            }
            _ => None,
        }
    }

    fn red_control(&self) -> Option<String> {
        let control = self.control.as_ref().filter(|control| control.is_red())?;
        let (differing, rows) = (control.differing.join(", "), control.rows);
        Some(format!(
            "the null control is RED: {} of {rows} rows differ among the base runs ({differing}): \
             this machine is unfit to compare on",
            control.differing.len()
        ))
    }
}

#[cfg(test)]
mod tests;
