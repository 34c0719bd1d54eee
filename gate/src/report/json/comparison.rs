//! A comparison: the same for `compare`, `ab`, `check --baseline` and `run --baseline`.

use serde::Serialize;

use crate::judge::{Compared, ComparedRow, ComparedSettings, ComparedSide, Finding, Measuring, Verdict};
use crate::model::benchmark::category_of;
use crate::model::environment::Environment;
use crate::stats::Outcome;
use crate::thresholds::Accepted;
use crate::thresholds::policies::RowPolicy;

/// The version of the format.
pub const SCHEMA_VERSION: u32 = 1;

/// A comparison with its verdict: what `compare --json` prints, and `comparison` of the benchmark report.
#[derive(Debug, Serialize)]
pub struct ComparisonReport<'a> {
    schema_version: u32,
    kind: &'static str,
    verdict: Verdict,
    exit_code: u8,
    settings: &'a ComparedSettings,
    base: ComparedRuns<'a>,
    head: ComparedRuns<'a>,
    control: Option<ControlResult<'a>>,
    findings: &'a [Finding],
    notes: &'a [String],
    measuring: Option<&'a Measuring>,
    summary: OutcomeCounts,
    rows: Vec<ComparisonRow<'a>>,
}

#[derive(Debug, Serialize)]
struct ComparedRuns<'a> {
    name: &'a str,
    runs: &'a [String],
    environment: Option<&'a Environment>,
}

#[derive(Debug, Serialize)]
struct ControlResult<'a> {
    red: bool,
    rows: usize,
    differing: &'a [String],
}

/// How many rows came to what.
#[derive(Debug, Serialize)]
struct OutcomeCounts {
    total: usize,
    improved: usize,
    unchanged: usize,
    regressed: usize,
    inconclusive: usize,
    new: usize,
    missing: usize,
    accepted: usize,
    warnings: usize,
}

#[derive(Debug, Serialize)]
struct ComparisonRow<'a> {
    id: &'a str,
    category: &'a str,
    outcome: Outcome,
    ratio: Option<f64>,
    interval: Option<[f64; 2]>,
    pairs: usize,
    detectable: Option<f64>,
    runs_needed: Option<usize>,
    #[serde(flatten)]
    policy: &'a RowPolicy,
    warning: bool,
    different_environment: bool,
    accepted: Option<&'a Accepted>,
}

impl<'a> ComparisonReport<'a> {
    /// The report of `compared`.
    #[must_use]
    pub fn new(compared: &'a Compared) -> Self {
        let verdict = compared.verdict;
        let different_environment = compared.different_environment.is_some();
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "comparison",
            verdict,
            exit_code: verdict.exit_code(),
            settings: &compared.settings,
            base: ComparedRuns::from(&compared.base),
            head: ComparedRuns::from(&compared.head),
            control: compared.control.as_ref().map(ControlResult::from),
            findings: &compared.findings,
            notes: &compared.notes,
            measuring: compared.measuring.as_ref(),
            summary: OutcomeCounts::new(compared),
            rows: compared.rows.iter().map(|row| ComparisonRow::new(row, different_environment)).collect(),
        }
    }
}

impl<'a> From<&'a ComparedSide> for ComparedRuns<'a> {
    fn from(side: &'a ComparedSide) -> Self {
        Self { name: &side.name, runs: &side.origins, environment: side.environment.as_ref() }
    }
}

impl<'a> From<&'a crate::stats::Control> for ControlResult<'a> {
    fn from(control: &'a crate::stats::Control) -> Self {
        Self { red: control.is_red(), rows: control.rows, differing: &control.differing }
    }
}

impl OutcomeCounts {
    fn new(compared: &Compared) -> Self {
        let rows = &compared.rows;
        Self {
            total: rows.len(),
            improved: compared.count(Outcome::Improved),
            unchanged: compared.count(Outcome::Unchanged),
            regressed: compared.count(Outcome::Regressed),
            inconclusive: compared.count(Outcome::Inconclusive),
            new: compared.count(Outcome::New),
            missing: compared.count(Outcome::Missing),
            accepted: rows.iter().filter(|row| row.accepted.is_some()).count(),
            warnings: rows.iter().filter(|row| row.warns()).count(),
        }
    }
}

impl<'a> ComparisonRow<'a> {
    fn new(row: &'a ComparedRow, different_environment: bool) -> Self {
        let change = &row.change;
        Self {
            id: &change.id,
            category: category_of(&change.id),
            outcome: change.outcome,
            ratio: change.ratio,
            interval: change.interval,
            pairs: change.pairs,
            detectable: change.detectable,
            runs_needed: change.runs_needed,
            policy: &row.policy,
            warning: row.warns(),
            different_environment,
            accepted: row.accepted.as_ref(),
        }
    }
}
