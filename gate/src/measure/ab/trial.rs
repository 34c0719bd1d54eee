//! One trial: pairs for the rows that are undecided, looked at several times, and what regressed confirmed.
//!
//! **How alpha is spent.** All rows of the first evidence are one family, and its looks are planned before the first
//! ([`AlphaSpending`]): together they may hold a wrong claim with a probability of alpha. A confirmation spends none of that. It
//! has runs of its own, and can only take a claim away; within it, the same alpha holds for the rows to confirm.

use std::time::{Duration, Instant};

use super::confirmation::Confirmation;
use super::error::AbError;
use super::row::{Phase, Row, Standing};
use super::stand::{Goal, Stand};
use super::unit::{self, Unit};
use crate::model::error::Error;
use crate::stats::{self, AlphaSpending, Change, Comparison, Control, Outcome, Settings};

/// The share of the time that the first look may plan with: the rest is for what it will not decide.
const FIRST_SHARE: f64 = 0.8;

/// A trial of the rows of a stand.
pub struct Trial<'a> {
    /// Where they are measured.
    pub stand: Stand<'a>,
    /// The controls of the confirmations.
    pub controls: Vec<Control>,
    settings: Settings,
    most_pairs: usize,
}

impl<'a> Trial<'a> {
    /// A trial on `stand` that may hold a wrong claim with a probability of `alpha`, and gives no row more than
    /// `most_pairs`.
    ///
    /// # Errors
    /// That many pairs can never decide.
    pub fn new(stand: Stand<'a>, alpha: f64, most_pairs: usize) -> Result<Self, Error> {
        let settings = Settings { alpha, looks: Some(plan(stand.rows.len(), alpha, most_pairs)?) };
        Ok(Self { stand, controls: Vec::new(), settings, most_pairs })
    }

    /// Measures until every row is decided, has the most pairs, or the time is up. The benchmarks `new` have to run.
    ///
    /// # Errors
    /// A bench of the base cannot run, or a signal interrupted: what is known by then, [`Trial::changes`] tells.
    pub fn run(&mut self, new: &[(usize, String)]) -> Result<(), Error> {
        self.stand.survey(new)?;
        self.give_up_what_is_too_dear()?;
        while let Some(pairs) = self.next_look() {
            let (wanted, until) = self.stage(pairs);
            let done = self.stand.measure(&wanted, Goal { phase: Phase::First, pairs, until })?;
            let regressed = self.look()?;
            self.confirm(regressed)?;
            if !done {
                self.close_all();
            }
        }
        Ok(())
    }

    /// The pairs of the next look, if there is a row to look at.
    fn next_look(&self) -> Option<usize> {
        let has = self.stand.open().into_iter().map(|row| self.stand.rows[row].first.pairs()).min()?;
        self.looks().pairs().iter().copied().find(|pairs| *pairs > has)
    }

    fn looks(&self) -> &AlphaSpending {
        self.settings.looks.as_ref().expect("a trial is planned with looks")
    }

    /// Leaves the dearest rows out of the family, where the time is not enough for a first look at all. That depends on
    /// what they cost alone, not on what they show.
    fn give_up_what_is_too_dear(&mut self) -> Result<(), Error> {
        let open = self.stand.open();
        let runs = 2 * self.looks().pairs()[0].saturating_sub(1);
        let seconds = self.stand.left().as_secs_f64() * FIRST_SHARE;
        let kept = positions(&unit::affordable(self.stand.units(&open), runs, seconds));
        for row in open.into_iter().filter(|row| !kept.contains(row)) {
            self.stand.rows[row].standing = Standing::GivenUp;
        }
        let family = self.stand.rows.iter().filter(|row| row.is_in_family()).count();
        self.settings.looks = Some(plan(family, self.settings.alpha, self.most_pairs)?);
        Ok(())
    }

    /// The rows that are measured up to the next look, and until when: time to confirm what looks worse is kept free,
    /// and where the time is not enough for all rows, the dearest get no more.
    fn stage(&mut self, pairs: usize) -> (Vec<usize>, Instant) {
        let (open, left) = (self.stand.open(), self.stand.left().as_secs_f64());
        let available = left - self.confirming(&open, pairs).min(left / 2.0);
        let has = open.iter().map(|row| self.stand.rows[*row].first.pairs()).min().unwrap_or_default();
        let kept = positions(&unit::affordable(self.stand.units(&open), 2 * (pairs - has), available));
        let wanted = if kept.is_empty() { open.clone() } else { kept };
        for row in open.into_iter().filter(|row| !wanted.contains(row)) {
            self.stand.rows[row].standing = Standing::Closed;
        }
        (wanted, Instant::now() + Duration::from_secs_f64(available.max(0.0)))
    }

    /// The seconds that it will take to confirm those of the rows `open` that look worse, at the next look.
    fn confirming(&self, open: &[usize], pairs: usize) -> f64 {
        let suspects = open.iter().map(|row| &self.stand.rows[*row]).filter(|row| row.is_suspect());
        suspects.map(|row| row.seconds_alone(0.0) * (3 * pairs) as f64).sum()
    }

    /// Closes the rows that are decided, and returns those that regressed.
    fn look(&mut self) -> Result<Vec<usize>, Error> {
        let (positions, comparison) = self.judged()?;
        let mut regressed = Vec::new();
        for (position, change) in positions.into_iter().zip(&comparison.rows) {
            let row = &mut self.stand.rows[position];
            if row.is_open() && change.outcome != Outcome::Inconclusive {
                row.standing = Standing::Closed;
                regressed.extend((change.outcome == Outcome::Regressed).then_some(position));
            }
        }
        Ok(regressed)
    }

    fn confirm(&mut self, rows: Vec<usize>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = rows.iter().map(|row| self.stand.rows[*row].id.as_str()).collect();
        let said =
            format!("Slower by the first evidence: {}. Confirming in fresh processes...", names.join(", "));
        self.stand.watch.say(&said);
        let mut confirmation = Confirmation::new(&mut self.stand, rows, self.settings.alpha);
        let control = confirmation.run()?;
        self.controls.extend(control);
        Ok(())
    }

    fn close_all(&mut self) {
        for row in self.stand.open() {
            self.stand.rows[row].standing = Standing::Closed;
        }
    }

    /// The first evidence of the family, as far as it is enough to be judged: positions, and what they come to.
    fn judged(&self) -> Result<(Vec<usize>, Comparison), Error> {
        let family = self.stand.rows.iter().filter(|row| row.is_in_family()).count();
        let fewest = stats::fewest_pairs(family, self.settings.alpha);
        let rows = self.stand.rows.iter().enumerate();
        let enough = rows.filter(|(_, row)| row.is_in_family() && row.first.pairs() >= fewest);
        let (positions, contrasts): (Vec<usize>, Vec<_>) =
            enough.map(|(position, row)| (position, row.contrast(Phase::First))).unzip();
        if contrasts.is_empty() {
            return Ok((positions, Comparison { rows: Vec::new(), control: None }));
        }
        stats::compare(&contrasts, &self.settings).map(|comparison| (positions, comparison))
    }

    /// What every row comes to by now, in their order, and all controls together.
    ///
    /// # Errors
    /// A value is no number above zero.
    pub fn changes(&self) -> Result<(Vec<Change>, Option<Control>), Error> {
        let (positions, comparison) = self.judged()?;
        let first = |at: usize| positions.iter().position(|position| *position == at);
        let change = |(at, row): (usize, &Row)| match first(at) {
            Some(index) => row.concluded(comparison.rows[index].clone()),
            None => row.without_evidence(self.looks().pairs()[0]),
        };
        let changes = self.stand.rows.iter().enumerate().map(change).collect();
        let controls = comparison.control.into_iter().chain(self.controls.iter().cloned());
        Ok((changes, controls.reduce(together)))
    }
}

fn positions(units: &[Unit]) -> Vec<usize> {
    units.iter().flat_map(|unit| unit.rows.iter().copied()).collect()
}

fn together(mut one: Control, other: Control) -> Control {
    let new: Vec<String> = other.differing.into_iter().filter(|id| !one.differing.contains(id)).collect();
    one.differing.extend(new);
    one
}

/// The looks at a family of `rows`: the first as soon as one could decide, the last at `most` pairs.
///
/// # Errors
/// `most` pairs can never decide.
pub fn plan(rows: usize, alpha: f64, most: usize) -> Result<AlphaSpending, Error> {
    // The first look may spend the root of its share of the pairs: `AlphaSpending` says why.
    let spends = |first: usize| alpha * (first as f64 / most as f64).sqrt();
    let decides = |first: &usize| stats::fewest_pairs(rows, spends(*first)) <= *first;
    match (1..=most).find(decides) {
        Some(first) => Ok(AlphaSpending::doubling((first + 1).min(most), most)),
        None => Err(AbError::TooFewPairs { most, rows, fewest: stats::fewest_pairs(rows, alpha) }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_is_one_that_can_decide() {
        for rows in [1, 10, 50, 1000] {
            let looks = plan(rows, 0.05, 64).unwrap();
            let first = looks.pairs()[0];
            let level = looks.nominal_alpha(first, 0.05 / rows as f64);
            assert!(2.0 * 0.5_f64.powi(i32::try_from(first).unwrap()) <= level, "{rows} rows: {looks:?}");
            assert_eq!(looks.pairs().last(), Some(&64));
        }
    }

    #[test]
    fn too_few_pairs_are_refused_with_the_number_that_would_do() {
        let error = plan(50, 0.05, 8).unwrap_err().to_string();
        assert!(error.contains("8 pairs can never decide") && error.contains("50 rows need 11"), "{error}");
    }
}
