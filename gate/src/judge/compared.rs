//! A comparison, held to its policy.

use serde::Serialize;

use crate::model::environment::Environment;
use crate::stats::{Change, Control, Outcome};
use crate::thresholds::policies::RowPolicy;
use crate::thresholds::{Accepted, Better, Margin};

use super::{Failure, Undecided, Verdict};

/// One side, as it is reported.
#[derive(Debug, Clone)]
pub struct ComparedSide {
    /// What people call it.
    pub name: String,
    /// Where each of its runs comes from.
    pub origins: Vec<String>,
    /// Where they were measured; `None` where nobody noted it.
    pub environment: Option<Environment>,
}

/// A comparison with all that follows from it.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What was compared with.
    pub base: ComparedSide,
    /// What was compared.
    pub head: ComparedSide,
    /// Whether the n-th runs of both belong together.
    pub paired: bool,
    /// The share of comparisons that may hold a wrong claim about any row.
    pub alpha: f64,
    /// The margin of rows that have none of their own.
    pub margin: Margin,
    /// Whether rows that stay inconclusive keep the verdict from being a pass.
    pub strict: bool,
    /// Whether environments differ, and somebody allowed it: what was said of it.
    pub different_environment: Option<String>,
    /// A row for each benchmark, by id.
    pub rows: Vec<ComparedRow>,
    /// The base runs among themselves, where they are enough.
    pub control: Option<Control>,
    /// What the reader should know of the evidence.
    pub notes: Vec<String>,
    /// How it was measured, where that was done for it.
    pub measuring: Option<Measuring>,
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
    /// Why it may be worse or gone, where somebody acknowledged it.
    pub accepted: Option<Accepted>,
}

impl ComparedRow {
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

    /// The change in words: `+5.2 % [+3.1 %, +7.4 %]`.
    #[must_use]
    pub fn shown_change(&self) -> String {
        let percent = |ratio: f64| format!("{:+.1} %", 100.0 * (ratio - 1.0));
        let ratio = self.change.ratio.map_or_else(|| "-".to_owned(), percent);
        let interval = self.change.interval.map(|ends| ends.map(percent).join(", "));
        ratio + &interval.map(|ends| format!(" [{ends}]")).unwrap_or_default()
    }

    /// Whether it has too few runs to say anything.
    fn is_unmeasured(&self) -> bool {
        self.change.outcome == Outcome::Inconclusive
            && self.change.detectable.is_none()
            && self.change.interval.is_none()
    }

    /// What it keeps from being a pass, if it does.
    fn finding(&self, strict: bool) -> Option<(Verdict, String)> {
        let (id, margin) = (&self.change.id, Margin::Fraction(self.policy.margin));
        match self.change.outcome {
            _ if self.accepted.is_some() => None,
            Outcome::Regressed => {
                Some((Verdict::Fail, format!("{id} REGRESSED: {}, margin {margin}", self.shown_change())))
            }
            Outcome::Missing if self.policy.required => {
                Some((Verdict::Fail, format!("{id} is MISSING: the head has no such benchmark")))
            }
            Outcome::Inconclusive if strict => Some((
                Verdict::Undecided(Undecided::Inconclusive),
                format!("{id} is INCONCLUSIVE: {}, margin {margin}", self.shown_change()),
            )),
            _ => None,
        }
    }
}

impl Compared {
    /// What the reader should know of the evidence.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// How many rows came to `outcome`.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|row| row.change.outcome == outcome).count()
    }

    /// The worst of its findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings().into_iter().map(|(verdict, _)| verdict).max().unwrap_or(Verdict::Pass)
    }

    /// Everything that keeps its verdict from being a pass, each with its reason.
    ///
    /// Where the control is red nothing fails: a machine that shows a change of the base against itself is no witness
    /// against the head.
    #[must_use]
    pub fn findings(&self) -> Vec<(Verdict, String)> {
        let rows = self.rows.iter().filter_map(|row| row.finding(self.strict));
        let rows = rows.chain(self.nothing_compared()).chain(self.not_measured());
        let rows: Vec<(Verdict, String)> = match self.red_control() {
            None => rows.collect(),
            Some(reason) => {
                let doubted = rows.map(|(_, reason)| (Verdict::Undecided(Undecided::Inconclusive), reason));
                [(Verdict::Undecided(Undecided::Inconclusive), reason)].into_iter().chain(doubted).collect()
            }
        };
        self.failed().chain(rows).collect()
    }

    /// The bench targets that could not run, whatever the control says.
    fn failed(&self) -> impl Iterator<Item = (Verdict, String)> {
        let failures = self.measuring.iter().flat_map(|measuring| &measuring.failures);
        failures.map(|failure| {
            (Verdict::Fail, format!("{} could not run on the head: {}", failure.category, failure.reason))
        })
    }

    /// The rows that the budget did not suffice for: no verdict passes over them.
    fn not_measured(&self) -> impl Iterator<Item = (Verdict, String)> {
        let rows = self.measuring.iter().flat_map(|measuring| &measuring.not_measured);
        rows.map(|row| (Verdict::Undecided(Undecided::Inconclusive), format!("not measured: {row}")))
    }

    fn nothing_compared(&self) -> Option<(Verdict, String)> {
        let is_two_sided =
            |row: &&ComparedRow| !matches!(row.change.outcome, Outcome::New | Outcome::Missing);
        let two_sided: Vec<&ComparedRow> = self.rows.iter().filter(is_two_sided).collect();
        let reason = match two_sided[..] {
            [] => "nothing was compared: no benchmark is on both sides",
            _ if self.measuring.is_some() && two_sided.iter().all(|row| row.is_unmeasured()) => {
                "nothing was compared: the budget is too small for the fewest pairs that could decide"
            }
            _ => return None,
        };
        Some((Verdict::Undecided(Undecided::BadInput), reason.to_owned()))
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
