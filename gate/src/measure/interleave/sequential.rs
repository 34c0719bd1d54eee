//! The sequential test of `ab`: pairs for the rows that are undecided, several looks, and a confirmation of what
//! regressed.
//!
//! **How alpha is spent.** All rows of the first evidence are one family, and its looks are planned before the first
//! ([`AlphaSpending`]): together they may hold a wrong claim with a probability of alpha. A confirmation spends none of
//! that. It has runs of its own, and can only take a claim away; within it, the same alpha holds for its rows.

use std::time::{Duration, Instant};

use super::Design;
use super::row::{Phase, RowState, SampledRow};
use super::sampler::{Goal, Sampler};
use super::schedule;
use crate::model::error::AbError;
use crate::model::error::Error;
use crate::stats::{self, AlphaSpending, Change, Comparison, Contrast, Control, Outcome, Settings};

/// The share of the time that the first look may plan with: the rest is for what it will not decide.
const FIRST_SHARE: f64 = 0.8;

/// Why a row is not confirmed.
const INTERRUPTED: &str = "it was interrupted before fresh runs could confirm it";
const NO_TIME: &str = "the budget ended before fresh runs could confirm it";
const DENIED: &str = "fresh runs did not confirm it";

pub(crate) struct SequentialTest {
    settings: Settings,
    most_pairs: usize,
    is_planned: bool,
    /// The confirmation of what the last look found.
    confirmation: Option<Confirmation>,
    /// The controls of the confirmations that ended.
    controls: Vec<Control>,
}

impl Design for SequentialTest {
    fn next(&mut self, sampler: &mut Sampler<'_>) -> Result<Option<Goal>, Error> {
        if let Some(confirmation) = &self.confirmation {
            return Ok(Some(confirmation.goal(sampler)));
        }
        if !self.is_planned {
            self.give_up_the_most_expensive(sampler)?;
            self.is_planned = true;
        }
        Ok(self.next_look(sampler).map(|pairs| stage(sampler, pairs)))
    }

    fn look(&mut self, sampler: &mut Sampler<'_>, done: bool) -> Result<(), Error> {
        let Some(mut confirmation) = self.confirmation.take() else {
            return self.look_at_first(sampler, done);
        };
        if confirmation.look(sampler, done)? {
            self.controls.extend(confirmation.control(sampler)?);
        } else {
            self.confirmation = Some(confirmation);
        }
        Ok(())
    }
}

impl SequentialTest {
    /// A test of `rows` rows that may hold a wrong claim with a probability of `alpha`, and gives no row more than
    /// `most_pairs`.
    ///
    /// # Errors
    /// That many pairs can never decide.
    pub(crate) fn new(rows: usize, alpha: f64, most_pairs: usize) -> Result<Self, Error> {
        let settings = Settings { alpha, looks: Some(plan(rows, alpha, most_pairs)?) };
        Ok(Self { settings, most_pairs, is_planned: false, confirmation: None, controls: Vec::new() })
    }

    fn looks(&self) -> &[usize] {
        self.settings.looks.as_ref().map_or(&[], AlphaSpending::pairs)
    }

    /// Leaves the most expensive rows out of the family, where the time is not enough for a first look at all. That
    /// depends on what they cost alone, not on what they show.
    fn give_up_the_most_expensive(&mut self, sampler: &mut Sampler<'_>) -> Result<(), Error> {
        let open = sampler.open();
        let runs = 2 * self.looks()[0].saturating_sub(1);
        let seconds = sampler.left().as_secs_f64() * FIRST_SHARE;
        let kept = schedule::affordable(sampler.batches(&open), runs, seconds);
        for row in open.into_iter().filter(|row| !kept.contains(row)) {
            sampler.rows[row].state = RowState::GivenUp;
        }
        let family = sampler.rows.iter().filter(|row| row.is_in_family()).count();
        self.settings.looks = Some(plan(family, self.settings.alpha, self.most_pairs)?);
        Ok(())
    }

    /// The pairs of the next look, if there is a row to look at.
    fn next_look(&self, sampler: &Sampler<'_>) -> Option<usize> {
        let has = sampler.open().into_iter().map(|row| sampler.rows[row].first.pairs()).min()?;
        self.looks().iter().copied().find(|pairs| *pairs > has)
    }

    /// Closes the rows that are decided, and all of them at the end of the time; begins to confirm what regressed.
    fn look_at_first(&mut self, sampler: &mut Sampler<'_>, done: bool) -> Result<(), Error> {
        let (positions, comparison) = self.judged(sampler)?;
        let mut regressed = Vec::new();
        for (position, change) in positions.into_iter().zip(&comparison.rows) {
            let row = &mut sampler.rows[position];
            if row.is_open() && change.outcome != Outcome::Inconclusive {
                row.state = RowState::Closed;
                regressed.extend((change.outcome == Outcome::Regressed).then_some(position));
            }
        }
        let closed = if done { Vec::new() } else { sampler.open() };
        closed.into_iter().for_each(|row| sampler.rows[row].state = RowState::Closed);
        self.confirmation =
            (!regressed.is_empty()).then(|| Confirmation::new(sampler, regressed, self.settings.alpha));
        Ok(())
    }

    /// The first evidence of the family, as far as it is enough to be judged: positions, and what they come to.
    fn judged(&self, sampler: &Sampler<'_>) -> Result<(Vec<usize>, Comparison), Error> {
        let family = sampler.rows.iter().filter(|row| row.is_in_family()).count();
        let fewest = stats::fewest_pairs(family, self.settings.alpha);
        let rows = sampler.rows.iter().enumerate();
        let enough = rows.filter(|(_, row)| row.is_in_family() && row.first.pairs() >= fewest);
        let (positions, contrasts): (Vec<usize>, Vec<_>) =
            enough.map(|(position, row)| (position, row.contrast(Phase::First))).unzip();
        if contrasts.is_empty() {
            return Ok((positions, Comparison { rows: Vec::new(), control: None }));
        }
        stats::compare(&contrasts, &self.settings).map(|comparison| (positions, comparison))
    }

    /// What every row comes to by now, in their order, and all controls together.
    pub(crate) fn comparison(&self, sampler: &Sampler<'_>) -> Result<Comparison, Error> {
        let (positions, judged) = self.judged(sampler)?;
        let first = |at: usize| positions.iter().position(|position| *position == at);
        let change = |(at, row): (usize, &SampledRow)| match first(at) {
            Some(index) => row.concluded(judged.rows[index].clone()),
            None => row.without_evidence(self.looks()[0]),
        };
        let rows: Vec<Change> = sampler.rows.iter().enumerate().map(change).collect();
        let controls = judged.control.into_iter().chain(self.controls.iter().cloned());
        Ok(Comparison { rows, control: controls.reduce(together) })
    }
}

/// The rows that are measured up to the look at `pairs` pairs, and until when: time to confirm what looks worse is kept
/// free, and where the time is not enough for all rows, the most expensive get no more.
fn stage(sampler: &mut Sampler<'_>, pairs: usize) -> Goal {
    let open = sampler.open();
    let available = available(sampler, &open, pairs);
    let has = open.iter().map(|row| sampler.rows[*row].first.pairs()).min().unwrap_or_default();
    let kept = schedule::affordable(sampler.batches(&open), 2 * (pairs - has), available);
    let rows = if kept.is_empty() { open.clone() } else { kept };
    let closed = open.iter().filter(|row| !rows.contains(row));
    closed.for_each(|row| sampler.rows[*row].state = RowState::Closed);
    Goal { rows, phase: Phase::First, pairs, until: Instant::now() + Duration::from_secs_f64(available) }
}

/// The seconds until the look at `pairs` pairs: without the time to confirm those of the rows `open` that look worse.
fn available(sampler: &Sampler<'_>, open: &[usize], pairs: usize) -> f64 {
    let left = sampler.left().as_secs_f64();
    let suspects = open.iter().map(|row| &sampler.rows[*row]).filter(|row| row.is_suspect());
    let confirming: f64 = suspects.map(|row| row.seconds_alone(0.0) * (3 * pairs) as f64).sum();
    (left - confirming.min(left / 2.0)).max(0.0)
}

fn together(mut one: Control, other: Control) -> Control {
    let new: Vec<String> = other.differing.into_iter().filter(|id| !one.differing.contains(id)).collect();
    one.differing.extend(new);
    one
}

/// The looks at a family of `rows`: the first as soon as one could decide, the last at `most` pairs.
fn plan(rows: usize, alpha: f64, most: usize) -> Result<AlphaSpending, Error> {
    // The first look may spend the root of its share of the pairs: `AlphaSpending` says why.
    let spends = |first: usize| alpha * (first as f64 / most as f64).sqrt();
    let decides = |first: &usize| stats::fewest_pairs(rows, spends(*first)) <= *first;
    match (1..=most).find(decides) {
        Some(first) => Ok(AlphaSpending::doubling((first + 1).min(most), most)),
        None => Err(AbError::too_few_pairs(most, rows, stats::fewest_pairs(rows, alpha)).into()),
    }
}

/// The confirmation of some rows, in fresh processes, beside the base against itself.
///
/// Each block has the base, the head and the base again, in random order. The base against itself is the null control:
/// it has as many pairs as the suspected regression, so it has the power to turn red.
struct Confirmation {
    rows: Vec<usize>,
    settings: Settings,
    /// The looks that are left, in pairs.
    looks: Vec<usize>,
}

impl Confirmation {
    /// The confirmation of the rows at the positions `rows`: with as many pairs as found the regression, and twice as
    /// many if those do not decide.
    fn new(sampler: &mut Sampler<'_>, rows: Vec<usize>, alpha: f64) -> Self {
        let names: Vec<&str> = rows.iter().map(|row| sampler.rows[*row].id.as_str()).collect();
        let said =
            format!("Slower by the first evidence: {}. Confirming in fresh processes...", names.join(", "));
        sampler.progress.say(&said);
        let found = rows.iter().map(|row| sampler.rows[*row].first.pairs()).max().unwrap_or(1);
        let pairs = found.max(stats::fewest_pairs(rows.len(), alpha) + 1);
        rows.iter().for_each(|row| sampler.rows[*row].state = RowState::Unconfirmed(INTERRUPTED));
        let looks = vec![pairs, 2 * pairs];
        Self { rows, settings: Settings { alpha, looks: Some(AlphaSpending::at(&looks)) }, looks }
    }

    fn goal(&self, sampler: &Sampler<'_>) -> Goal {
        let (rows, until) = (self.unconfirmed(sampler), sampler.deadline());
        Goal { rows, phase: Phase::Confirmation, pairs: self.looks[0], until }
    }

    /// The positions of the rows that are not confirmed yet.
    fn unconfirmed(&self, sampler: &Sampler<'_>) -> Vec<usize> {
        let waits = |row: &&usize| matches!(sampler.rows[**row].state, RowState::Unconfirmed(_));
        self.rows.iter().filter(waits).copied().collect()
    }

    /// Confirms what the fresh runs confirm, and returns whether this was the last look.
    fn look(&mut self, sampler: &mut Sampler<'_>, done: bool) -> Result<bool, Error> {
        let judged = self.confirm(sampler)?;
        let why = if judged || done { DENIED } else { NO_TIME };
        let left = self.unconfirmed(sampler);
        left.iter().for_each(|row| sampler.rows[*row].state = RowState::Unconfirmed(why));
        self.looks.remove(0);
        Ok(!done || left.is_empty() || self.looks.is_empty())
    }

    /// Confirms rows; `false` where the fresh runs are too few to decide.
    fn confirm(&self, sampler: &mut Sampler<'_>) -> Result<bool, Error> {
        let contrasts = self.rows.iter().map(|row| sampler.rows[*row].contrast(Phase::Confirmation));
        let Some(comparison) = judge(&contrasts.collect::<Vec<_>>(), &self.settings)? else {
            return Ok(false);
        };
        for (position, change) in self.rows.iter().zip(&comparison.rows) {
            if change.outcome == Outcome::Regressed {
                sampler.rows[*position].state = RowState::Confirmed;
                sampler.rows[*position].confirmed = Some(change.clone());
            }
        }
        Ok(true)
    }

    fn control(&self, sampler: &Sampler<'_>) -> Result<Option<Control>, Error> {
        let contrasts: Vec<Contrast> = self.rows.iter().map(|row| sampler.rows[*row].control()).collect();
        let Some(comparison) = judge(&contrasts, &self.settings)? else { return Ok(None) };
        let differs = |outcome| matches!(outcome, Outcome::Regressed | Outcome::Improved);
        let differing = comparison.rows.iter().filter(|row| differs(row.outcome));
        Ok(Some(Control { differing: differing.map(|row| row.id.clone()).collect(), rows: contrasts.len() }))
    }
}

/// What `contrasts` come to, if all of them have enough pairs.
fn judge(contrasts: &[Contrast], settings: &Settings) -> Result<Option<Comparison>, Error> {
    let fewest = stats::fewest_pairs(contrasts.len(), settings.alpha);
    if contrasts.iter().any(|contrast| contrast.values.pairs() < fewest) {
        return Ok(None);
    }
    stats::compare(contrasts, settings).map(Some)
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
