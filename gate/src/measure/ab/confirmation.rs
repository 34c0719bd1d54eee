//! What regressed, once more: in fresh processes, beside the base against itself.
//!
//! Each block has the base, the head and the base again, in random order. The base against the base again is the null
//! control: it has as many pairs as the suspected regression, so it has the power to turn red.

use super::row::{Phase, Standing};
use super::stand::{Goal, Stand};
use crate::model::error::Error;
use crate::stats::{self, AlphaSpending, Comparison, Contrast, Control, Outcome, Settings};

/// Why a row is not confirmed.
const INTERRUPTED: &str = "it was interrupted before fresh runs could confirm it";
const NO_TIME: &str = "the budget ended before fresh runs could confirm it";
const DENIED: &str = "fresh runs did not confirm it";

/// The confirmation of some rows of a stand.
pub struct Confirmation<'s, 'a> {
    stand: &'s mut Stand<'a>,
    rows: Vec<usize>,
    settings: Settings,
}

impl<'s, 'a> Confirmation<'s, 'a> {
    /// The confirmation of the rows at the positions `rows`: with as many pairs as accused them, and twice as many if
    /// those do not say.
    pub fn new(stand: &'s mut Stand<'a>, rows: Vec<usize>, alpha: f64) -> Self {
        let accusing = rows.iter().map(|row| stand.rows[*row].first.pairs()).max().unwrap_or(1);
        let pairs = accusing.max(stats::fewest_pairs(rows.len(), alpha) + 1);
        let settings = Settings { alpha, looks: Some(AlphaSpending::at(&[pairs, 2 * pairs])) };
        rows.iter().for_each(|row| stand.rows[*row].standing = Standing::Unconfirmed(INTERRUPTED));
        Self { stand, rows, settings }
    }

    /// Measures, says in each row's standing what came of it, and returns the control.
    ///
    /// # Errors
    /// A bench of the base cannot run, or a signal interrupted.
    pub fn run(&mut self) -> Result<Option<Control>, Error> {
        let looks = self.settings.looks.clone().into_iter().flat_map(|looks| looks.pairs().to_vec());
        for pairs in looks {
            let (wanted, until) = (self.unconfirmed(), self.stand.deadline());
            let done = self.stand.measure(&wanted, Goal { phase: Phase::Confirmation, pairs, until })?;
            let judged = self.look()?;
            self.stand_by(if judged || done { DENIED } else { NO_TIME });
            if !done || self.unconfirmed().is_empty() {
                break;
            }
        }
        self.control()
    }

    /// The positions of the rows that are not confirmed yet.
    fn unconfirmed(&self) -> Vec<usize> {
        let waits = |row: &&usize| matches!(self.stand.rows[**row].standing, Standing::Unconfirmed(_));
        self.rows.iter().filter(waits).copied().collect()
    }

    /// Confirms what the fresh runs confirm; `false` where they are too few to say.
    fn look(&mut self) -> Result<bool, Error> {
        let contrasts: Vec<Contrast> =
            self.rows.iter().map(|row| self.stand.rows[*row].contrast(Phase::Confirmation)).collect();
        let Some(comparison) = judge(&contrasts, &self.settings)? else { return Ok(false) };
        for (position, change) in self.rows.iter().zip(&comparison.rows) {
            if change.outcome == Outcome::Regressed {
                let row = &mut self.stand.rows[*position];
                row.standing = Standing::Confirmed;
                row.confirmed = Some(change.clone());
            }
        }
        Ok(true)
    }

    fn stand_by(&mut self, why: &'static str) {
        for row in self.unconfirmed() {
            self.stand.rows[row].standing = Standing::Unconfirmed(why);
        }
    }

    fn control(&self) -> Result<Option<Control>, Error> {
        let contrasts: Vec<Contrast> = self.rows.iter().map(|row| self.stand.rows[*row].control()).collect();
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
