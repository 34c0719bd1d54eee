//! What a trial came to, held to its policy and said.

use std::io::Write;
use std::time::Duration;

use super::super::comparison::{hold, settings};
use super::sides::Wanted;
use super::{Job, print, print_written};
use crate::judge::{Compared, ComparedSide, Failure, Measuring};
use crate::measure::ab::{Inventory, MODE, Source, Standing, Trial};
use crate::measure::run::Processor;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::report;
use crate::stats::{Change, Comparison, Control, Outcome};
use crate::thresholds::policies::RowPolicy;

/// What was measured.
#[derive(Default)]
pub struct Measured {
    /// A row for each benchmark, with what it is held to.
    pub changes: Vec<(Change, RowPolicy)>,
    /// All controls together.
    pub control: Option<Control>,
    /// Bench targets that could not run on the head.
    pub failures: Vec<Failure>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// The processor that each process was held to, if any.
    pub processor: Option<Processor>,
    /// How long it took.
    pub elapsed: Duration,
    /// The signal that ended it early, if one did.
    pub interrupted: Option<Error>,
}

impl Job<'_> {
    /// What `trial` has measured, and what of the `inventory` it could not, being on one side only.
    pub fn measured(&self, trial: &Trial<'_>, inventory: &Inventory) -> Result<Measured, Error> {
        let (changes, control) = trial.changes()?;
        let two_sided = changes.into_iter().zip(trial.stand.rows.iter().map(|row| row.policy)).map(Ok);
        let one_sided = |ids: &[(usize, String)], outcome| -> Vec<Result<(Change, RowPolicy), Error>> {
            ids.iter().map(|(_, id)| Ok((one_sided(id, outcome), self.policies.row(id)?))).collect()
        };
        let (new, missing) =
            (one_sided(&inventory.new, Outcome::New), one_sided(&inventory.missing, Outcome::Missing));
        let changes = two_sided.chain(new).chain(missing).collect::<Result<_, Error>>()?;
        let (failures, notes) = (trial.stand.failures.clone(), notes(trial));
        let processor = trial.stand.lab.surroundings.processor;
        Ok(Measured { changes, control, failures, notes, processor, ..Measured::default() })
    }

    /// Says what was `measured`, and returns the exit code.
    pub fn conclude(&self, wanted: &Wanted, measured: Measured, out: &mut dyn Write) -> Result<u8, Error> {
        if let Some(interrupted) = measured.interrupted {
            print(out, &known(&measured.changes))?;
            return Err(interrupted);
        }
        let compared = self.compared(wanted, measured)?;
        let saved = self.save(&compared)?;
        let exporter = report::exporter(self.arguments.json, self.quiet);
        print_written(out, |text| exporter.comparison(text, &compared))?;
        print(out, &if self.quiet || self.arguments.json { String::new() } else { saved })?;
        Ok(compared.verdict.exit_code())
    }

    /// Writes the report, unless that is not wanted, and says where.
    fn save(&self, compared: &Compared) -> Result<String, Error> {
        if self.arguments.no_save {
            return Ok(String::new());
        }
        report::save_comparison(compared, &self.arguments.report_dir)
            .map(|path| format!("{}\n", path.display()))
    }

    fn compared(&self, wanted: &Wanted, measured: Measured) -> Result<Compared, Error> {
        let (changes, held): (Vec<Change>, Vec<RowPolicy>) = measured.changes.into_iter().unzip();
        let rows = Comparison { rows: changes, control: measured.control };
        let rows = hold(rows, held, &self.policies)?;
        let measuring = Measuring {
            seconds: measured.elapsed.as_secs_f64(),
            budget_seconds: self.arguments.effort.budget.as_secs_f64(),
            seed: self.seed,
            processor: measured.processor.map(Processor::number),
            failures: measured.failures,
        };
        let settings = settings(true, &self.policies, &self.arguments.comparison);
        let different = self.different_environment.clone();
        Ok(Compared::new(described(wanted), settings, rows, different, measured.notes, Some(measuring)))
    }
}

fn one_sided(id: &str, outcome: Outcome) -> Change {
    let id = id.to_owned();
    Change { id, outcome, ratio: None, interval: None, pairs: 0, detectable: None, runs_needed: None }
}

fn described(wanted: &Wanted) -> [ComparedSide; 2] {
    let here = Environment::here(Some(MODE));
    [("base", &wanted.base), ("head", &wanted.head)].map(|(name, source)| {
        let commit = match source {
            Source::Revision(revision) => Some(revision.commit.clone()),
            Source::Worktree => here.commit.clone(),
        };
        let environment = Some(Environment { commit, ..here.clone() });
        ComparedSide { name: format!("{name}, {source}"), origins: Vec::new(), environment }
    })
}

/// What the reader should know of rows that are inconclusive for another reason than their data.
fn notes(trial: &Trial<'_>) -> Vec<String> {
    let rows = trial.stand.rows.iter();
    let notes = rows.filter_map(|row| match row.standing {
        Standing::Unconfirmed(why) => Some(format!("{} is slower by the first evidence, but {why}", row.id)),
        Standing::GivenUp => {
            let seconds = row.seconds_alone(0.0);
            Some(format!("{} takes {seconds:.1} s a run: too dear for the budget", row.id))
        }
        _ => None,
    });
    notes.collect()
}

/// What is known where it was interrupted: the rows that are decided, and how many are not.
fn known(changes: &[(Change, RowPolicy)]) -> String {
    let is_open = |change: &Change| change.outcome == Outcome::Inconclusive;
    let open = changes.iter().filter(|(change, _)| is_open(change)).count();
    let decided = changes.iter().filter(|(change, _)| !is_open(change)).map(|(change, _)| {
        let ratio = change.ratio.map(|ratio| format!(" {:+.1} %", 100.0 * (ratio - 1.0))).unwrap_or_default();
        format!("  {} {:?}{ratio}, {} pairs\n", change.id, change.outcome, change.pairs)
    });
    format!("\nInterrupted. Decision by then, undecided: {open}\n{}", decided.collect::<String>())
}
