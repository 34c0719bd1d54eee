//! A comparison, from two sides to what follows from it: the same for `compare`, `check` and `run`.

use crate::gate::cli::ComparisonArgs;
use crate::gate::compare::{self, Comparison, Contrast, Settings};
use crate::gate::error::Error;
use crate::gate::judge::{Compared, ComparedRow, ComparedSide, acknowledge};
use crate::gate::policy::{Policies, RowPolicy};
use crate::gate::side::{self, Pairing, Side, SideError};

/// Compares `head` with `base`, and holds the rows to `policies`.
///
/// # Errors
/// The runs are no evidence or too few, environments differ and nobody allowed it, or an acknowledgement has expired
/// or covers nothing.
pub fn compared(
    base: &Side,
    head: &Side,
    pairing: Pairing,
    policies: &Policies,
    arguments: &ComparisonArgs,
) -> Result<Compared, Error> {
    side::refuse_unfit(base, head)?;
    let different_environment = different_environment(base, head, policies, arguments)?;
    let (contrasts, held): (Vec<Contrast>, Vec<RowPolicy>) =
        side::contrasts(base, head, pairing, policies)?.into_iter().unzip();
    let comparison = compare::compare(&contrasts, &Settings { alpha: arguments.alpha, looks: None })?;
    let (rows, control) = hold(comparison, held, policies)?;
    let (base, head) = (described(base), described(head));
    let notes = notes(&base, &head);
    let (paired, alpha, strict) = (pairing == Pairing::Paired, arguments.alpha, arguments.strict);
    let margin = policies.default_margin();
    let measuring = None;
    Ok(Compared {
        base,
        head,
        paired,
        alpha,
        margin,
        strict,
        different_environment,
        rows,
        control,
        notes,
        measuring,
    })
}

/// Each row of `comparison` with what it is `held` to, and with its acknowledgement if it has one.
///
/// Beside a red control no acknowledgement is said to cover nothing: nobody knows.
///
/// # Errors
/// An acknowledgement has expired or covers nothing.
pub fn hold(
    comparison: Comparison,
    held: Vec<RowPolicy>,
    policies: &Policies,
) -> Result<(Vec<ComparedRow>, Option<compare::Control>), Error> {
    let rows = comparison.rows.into_iter().zip(held);
    let mut rows: Vec<ComparedRow> =
        rows.map(|(change, policy)| ComparedRow { change, policy, accepted: None }).collect();
    if !comparison.control.as_ref().is_some_and(compare::Control::is_red) {
        let (path, accepted) = policies.accepted();
        acknowledge(&mut rows, path, accepted, jiff::ZonedDateTime::now().date())?;
    }
    Ok((rows, comparison.control))
}

/// What differs between the environments, where that is allowed.
fn different_environment(
    base: &Side,
    head: &Side,
    policies: &Policies,
    arguments: &ComparisonArgs,
) -> Result<Option<String>, Error> {
    let found = side::different_environment(base, head).or_else(|| different_noise(head, policies));
    match found {
        Some(difference) if !arguments.allow_different_environment => Err(difference.into()),
        found => Ok(found.map(|difference| difference.to_string())),
    }
}

/// Margins that were found elsewhere say nothing of the runs here.
fn different_noise(head: &Side, policies: &Policies) -> Option<SideError> {
    let run = head.runs.iter().find(|run| run.environment.is_some())?;
    let found = policies.noise_environment()?.difference(run.environment.as_ref()?)?;
    Some(SideError::DifferentEnvironment {
        what: found.what,
        first: "noise.json".to_owned(),
        one: found.one,
        second: run.origin.clone(),
        other: found.other,
    })
}

fn described(side: &Side) -> ComparedSide {
    ComparedSide {
        name: side.name.clone(),
        origins: side.runs.iter().map(|run| run.origin.clone()).collect(),
        environment: side.environment().cloned(),
    }
}

/// What the reader should know of the evidence.
fn notes(base: &ComparedSide, head: &ComparedSide) -> Vec<String> {
    let unknown = |side: &&ComparedSide| side.environment.is_none();
    let unknown = [base, head].into_iter().filter(unknown).map(|side| {
        format!("nobody noted where {} was measured: it is taken to be the same environment", side.name)
    });
    let single = |one: &ComparedSide, other: &ComparedSide| {
        (one.origins.len() == 1).then(|| {
            let (one, other, runs) = (&one.name, &other.name, other.origins.len());
            format!("{one} is one run, evidence of one process: only the {runs} runs of {other} show how runs differ")
        })
    };
    unknown.chain(single(base, head)).chain(single(head, base)).collect()
}
