//! A comparison, from two sides to what follows from it: the same for `compare`, `check` and `run`.

use crate::command::cli::ComparisonArgs;
use crate::judge::run_set::{self, Pairing, RunSet};
use crate::judge::{Compared, ComparedRow, ComparedSettings, ComparedSide, acknowledge};
use crate::model::error::Error;
use crate::model::error::RunSetError;
use crate::stats::{self, Comparison, Contrast, Settings};
use crate::thresholds::policies::{Policies, RowPolicy, SPREAD_FLOOR};

/// Compares `head` with `base`, and holds the rows to `policies`; the reader should know `more` as well.
///
/// # Errors
/// The runs are no evidence or too few, environments differ without leave, or an acknowledgement has expired
/// or covers nothing.
pub fn compared(
    base: &RunSet,
    head: &RunSet,
    pairing: Pairing,
    policies: &Policies,
    arguments: &ComparisonArgs,
    more: Option<String>,
) -> Result<Compared, Error> {
    let different_environment = refuse(base, head, policies, arguments)?;
    let (contrasts, rules): (Vec<Contrast>, Vec<RowPolicy>) =
        run_set::contrasts(base, head, pairing, policies)?.into_iter().unzip();
    let comparison = stats::compare(&contrasts, &Settings { alpha: arguments.alpha, looks: None })?;
    let rows = hold(comparison, rules, policies)?;
    let sides = [described(base), described(head)];
    let notes = notes(&sides).chain(more).collect();
    let settings = settings(pairing == Pairing::Paired, policies, arguments);
    Ok(Compared::new(sides, settings, rows, different_environment, notes, None))
}

/// How a comparison is made.
pub fn settings(paired: bool, policies: &Policies, arguments: &ComparisonArgs) -> ComparedSettings {
    let ComparisonArgs { alpha, strict, .. } = *arguments;
    ComparedSettings { alpha, margin: policies.default_margin(), paired, strict }
}

/// Each row of `comparison` with the one of `rules` that it is held to, and with its acknowledgement if it has one.
///
/// Beside a red control no acknowledgement is said to cover nothing, since that is unknown.
///
/// # Errors
/// An acknowledgement has expired or covers nothing.
pub fn hold(
    comparison: Comparison,
    rules: Vec<RowPolicy>,
    policies: &Policies,
) -> Result<(Vec<ComparedRow>, Option<stats::Control>), Error> {
    let rows = comparison.rows.into_iter().zip(rules);
    let mut rows: Vec<ComparedRow> = rows.map(|(change, policy)| ComparedRow::new(change, policy)).collect();
    if !comparison.control.as_ref().is_some_and(stats::Control::is_red) {
        let (path, accepted) = policies.accepted();
        acknowledge(&mut rows, path, accepted, jiff::ZonedDateTime::now().date())?;
    }
    Ok((rows, comparison.control))
}

/// Refuses what is no evidence; what differs between the environments, where that is allowed.
fn refuse(
    base: &RunSet,
    head: &RunSet,
    policies: &Policies,
    arguments: &ComparisonArgs,
) -> Result<Option<String>, Error> {
    run_set::refuse_unfit(base, head)?;
    let found = run_set::different_environment(base, head).or_else(|| different_noise(head, policies));
    match found {
        Some(difference) if !arguments.allow_different_environment => Err(difference.into()),
        found => Ok(found.map(|difference| Error::from(difference).message())),
    }
}

/// Margins that were found elsewhere say nothing of the runs here.
fn different_noise(head: &RunSet, policies: &Policies) -> Option<RunSetError> {
    let run = head.runs.iter().find(|run| run.environment.is_some())?;
    let found = policies.noise_environment()?.difference(run.environment.as_ref()?)?;
    Some(RunSetError::DifferentEnvironment {
        what: found.what,
        first: "noise.json".to_owned(),
        one: found.one,
        second: run.origin.clone(),
        other: found.other,
    })
}

fn described(side: &RunSet) -> ComparedSide {
    ComparedSide {
        name: side.name.clone(),
        origins: side.runs.iter().map(|run| run.origin.clone()).collect(),
        environment: side.environment().cloned(),
    }
}

/// What the reader should know of the evidence.
fn notes([base, head]: &[ComparedSide; 2]) -> impl Iterator<Item = String> + use<> {
    let unknown = [base, head].into_iter().filter(|side| side.environment.is_none());
    let unknown: Vec<&str> = unknown.map(|side| side.name.as_str()).collect();
    let unknown = (!unknown.is_empty()).then(|| {
        let sides = unknown.join(" and ");
        format!("environment of {sides} unknown: taken to be the same")
    });
    let runs = [base, head].map(|side| side.origins.len());
    let both = (runs == [1, 1]).then(|| {
        let floor = 100.0 * SPREAD_FLOOR;
        format!("one run against one: what differs from run to run is taken to be {floor} % or more")
    });
    let single = |one: &ComparedSide, other: &ComparedSide| {
        (one.origins.len() == 1 && other.origins.len() > 1).then(|| {
            let (one, other, runs) = (&one.name, &other.name, other.origins.len());
            format!("{one} is one run, evidence of one: judged by how {runs} of {other} differ")
        })
    };
    [unknown, both, single(base, head), single(head, base)].into_iter().flatten()
}
