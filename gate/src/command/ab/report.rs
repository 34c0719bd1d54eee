//! What a measurement came to, held to its policy and reported.

use std::io::Write;
use std::time::Duration;

use super::super::comparison::{hold, settings};
use super::job::AbJob;
use super::request::AbRequest;
use crate::command::output::{print, print_written};
use crate::judge::{Compared, ComparedSide, Failure, Measuring};
use crate::measure::interleave::{Inventory, MODE, RevisionSource, RowState, SampledRow, Sampler, TargetId};
use crate::measure::run::Processor;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::report;
use crate::stats::{Change, Comparison, Control, Outcome};
use crate::thresholds::policies::{Policies, RowPolicy};

/// What was measured.
pub(super) struct AbComparison {
    /// A row for each benchmark, with what it is held to.
    changes: Vec<(Change, RowPolicy)>,
    control: Option<Control>,
    /// Bench targets that could not run on the head.
    failures: Vec<Failure>,
    /// What the reader should know.
    notes: Vec<String>,
    /// Rows of both sides without enough runs, each with the reason.
    not_measured: Vec<String>,
    elapsed: Duration,
    /// The signal that ended it early, if one did.
    interrupted: Option<Error>,
}

impl AbComparison {
    /// What `sampler` has measured, and what of the `inventory` it could not, being on one side only.
    pub(super) fn new(
        policies: &Policies,
        sampler: &Sampler<'_>,
        measured: Comparison,
        inventory: &Inventory,
        interrupted: Option<Error>,
    ) -> Result<Self, Error> {
        let not_measured = not_measured(&sampler.rows, &measured.rows);
        let measured_rows = measured.rows.into_iter().zip(sampler.rows.iter().map(|row| row.policy));
        let changes = measured_rows.map(Ok).chain(without_runs(inventory, policies));
        Ok(Self {
            changes: changes.collect::<Result<_, Error>>()?,
            control: measured.control,
            failures: sampler.failures.clone(),
            notes: notes(sampler, inventory),
            not_measured,
            elapsed: Duration::ZERO,
            interrupted,
        })
    }

    /// The same, after the time `elapsed`, with one more note.
    pub(super) fn ended(mut self, elapsed: Duration, note: Option<String>) -> Self {
        self.notes.extend(note);
        Self { elapsed, ..self }
    }
}

impl AbJob<'_> {
    /// Reports `measured`, and returns the exit code.
    pub(super) fn report(
        &self,
        request: &AbRequest,
        measured: AbComparison,
        out: &mut dyn Write,
    ) -> Result<u8, Error> {
        if let Some(interrupted) = measured.interrupted {
            print(out, &known(&measured.changes))?;
            return Err(interrupted);
        }
        let compared = self.compared(request, measured)?;
        let saved = self.save(&compared)?;
        let exporter = report::exporter(self.arguments.json, self.quiet);
        print_written(out, |text| exporter.comparison(text, &compared))?;
        print(out, if self.quiet || self.arguments.json { "" } else { &saved })?;
        Ok(compared.verdict.exit_code())
    }

    /// Writes the report, unless that is not wanted, and says where.
    fn save(&self, compared: &Compared) -> Result<String, Error> {
        if self.arguments.no_save {
            return Ok(String::new());
        }
        let path = report::save_comparison(compared, &self.arguments.report_dir)?;
        Ok(format!("{}\n", path.display()))
    }

    fn compared(&self, request: &AbRequest, measured: AbComparison) -> Result<Compared, Error> {
        let (changes, rules): (Vec<Change>, Vec<RowPolicy>) = measured.changes.into_iter().unzip();
        let rows = hold(Comparison { rows: changes, control: measured.control }, rules, &self.policies)?;
        let measuring = Measuring {
            seconds: measured.elapsed.as_secs_f64(),
            budget_seconds: self.arguments.effort.budget.as_secs_f64(),
            seed: self.seed,
            processor: self.processor.map(Processor::number),
            failures: measured.failures,
            not_measured: measured.not_measured,
        };
        let settings = settings(true, &self.policies, &self.arguments.comparison);
        let notes = request.notes.iter().cloned().chain(measured.notes).collect();
        let different = self.different_environment.clone();
        Ok(Compared::new(described(request), settings, rows, different, notes, Some(measuring)))
    }
}

/// The benchmarks that are on one side only, or in identical executables.
fn without_runs(
    inventory: &Inventory,
    policies: &Policies,
) -> impl Iterator<Item = Result<(Change, RowPolicy), Error>> {
    let groups = [
        (&inventory.identical, Outcome::Unchanged),
        (&inventory.new, Outcome::New),
        (&inventory.missing, Outcome::Missing),
    ];
    let ids = groups.into_iter().flat_map(|(ids, outcome)| ids.iter().map(move |id| (id, outcome)));
    ids.map(|(id, outcome)| Ok((unmeasured(id, outcome), policies.row(&id.1)?)))
}

fn unmeasured((_, id): &TargetId, outcome: Outcome) -> Change {
    let ratio = (outcome == Outcome::Unchanged).then_some(1.0);
    let (id, interval) = (id.clone(), ratio.map(|ratio| [ratio, ratio]));
    Change { id, outcome, ratio, interval, pairs: 0, detectable: None, runs_needed: None }
}

fn described(request: &AbRequest) -> [ComparedSide; 2] {
    let here = Environment::here(Some(MODE));
    [&request.base, &request.head].map(|source| {
        let commit = match source {
            RevisionSource::Revision(revision) => Some(revision.commit.clone()),
            RevisionSource::Worktree => here.commit.clone(),
        };
        let environment = Some(Environment { commit, ..here.clone() });
        ComparedSide { name: source.to_string(), origins: Vec::new(), environment }
    })
}

/// What the reader should know of rows whose outcome has another reason than their data.
fn notes(sampler: &Sampler<'_>, inventory: &Inventory) -> Vec<String> {
    let identical = inventory.identical.len();
    let identical = (identical > 0).then(|| {
        format!("{identical} rows are UNCHANGED (identical): their executables are equal byte for byte, so they did not run")
    });
    let left_out = sampler.targets.left_out.iter();
    let left_out = left_out.map(|out| format!("bench target {} is left out: {}", out.target, out.reason));
    identical.into_iter().chain(left_out).collect()
}

/// What a row has shown that fresh runs could not confirm: slower, until it is measured again.
fn unconfirmed(row: &SampledRow) -> Option<String> {
    match row.state {
        RowState::Unconfirmed(why) => Some(format!("{} is slower by the first evidence, but {why}", row.id)),
        _ => None,
    }
}

/// The rows of both sides that have too few runs to decide anything, or whose change is not confirmed, with the reason.
fn not_measured(rows: &[SampledRow], changes: &[Change]) -> Vec<String> {
    let lacks = |change: &Change| change.interval.is_none() && change.detectable.is_none();
    let lacking =
        rows.iter().zip(changes).filter(|(row, change)| row.state != RowState::Failed && lacks(change));
    let why = |row: &SampledRow| match row.state {
        RowState::GivenUp => {
            format!("it takes {:.1} s a run, too expensive for the budget", row.seconds_alone(0.0))
        }
        _ => format!("the budget ended after {} pairs", row.first.pairs()),
    };
    let lacking = lacking.map(|(row, _)| format!("not measured: {}: {}", row.id, why(row)));
    lacking.chain(rows.iter().filter_map(unconfirmed)).collect()
}

/// What is known after an interruption: the rows that are decided, and how many are not.
fn known(changes: &[(Change, RowPolicy)]) -> String {
    let is_open = |change: &Change| change.outcome == Outcome::Inconclusive;
    let open = changes.iter().filter(|(change, _)| is_open(change)).count();
    let decided = changes.iter().filter(|(change, _)| !is_open(change)).map(|(change, _)| {
        let ratio = change.ratio.map(|ratio| format!(" {:+.1} %", 100.0 * (ratio - 1.0))).unwrap_or_default();
        format!("  {} {:?}{ratio}, {} pairs\n", change.id, change.outcome, change.pairs)
    });
    format!("\nInterrupted. Decision by then, undecided: {open}\n{}", decided.collect::<String>())
}
