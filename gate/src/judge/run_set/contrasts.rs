//! From two sides to what is compared: one number for each run of each benchmark.

use std::collections::BTreeMap;

use super::RunSet;
use crate::files::baseline::Measured;
use crate::model::error::Error;
use crate::model::error::RunSetError;
use crate::stats::{Contrast, Values};
use crate::thresholds::policies::{Policies, RowPolicy};

/// Whether runs of the two sides belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// The n-th of the base and the n-th of the head do.
    Paired,
    /// None do.
    Unpaired,
}

/// The runs of one benchmark on both sides.
type Sides<'a> = [Vec<&'a Measured>; 2];

/// A contrast for each benchmark of `base` and `head`, by id, with what it is held to.
///
/// # Errors
/// Pairs are asked for and the sides have different numbers of runs, or a policy cannot be applied.
pub fn contrasts(
    base: &RunSet,
    head: &RunSet,
    pairing: Pairing,
    policies: &Policies,
) -> Result<Vec<(Contrast, RowPolicy)>, Error> {
    let [base_runs, head_runs] = [base.runs.len(), head.runs.len()];
    if pairing == Pairing::Paired && base_runs != head_runs {
        return Err(RunSetError::UnequalPairs { base: base_runs, head: head_runs }.into());
    }
    let mut by_id: BTreeMap<&str, Sides<'_>> = BTreeMap::new();
    for (at, side) in [base, head].into_iter().enumerate() {
        let results = side.runs.iter().flat_map(|run| &run.results);
        results.for_each(|result| by_id.entry(&result.id).or_default()[at].push(result));
    }
    let of = |(id, sides): (&str, Sides<'_>)| match (&sides[0][..], &sides[1][..], pairing) {
        ([base], [head], Pairing::Unpaired) => single(id, [base, head], policies),
        _ => contrast(id, &sides, pairing, policies.row(id)?),
    };
    by_id.into_iter().map(of).collect()
}

/// One run against one: told apart by how far runs differ at the least.
fn single(
    id: &str,
    [base, head]: [&Measured; 2],
    policies: &Policies,
) -> Result<(Contrast, RowPolicy), Error> {
    let policy = policies.single(id)?;
    let spread = policies.spread(base).max(policies.spread(head));
    let (base, head) = ([base.number(policy.statistic)?], [head.number(policy.statistic)?]);
    let values = Values::Single { base, head, spread };
    Ok((Contrast { id: id.to_owned(), better: policy.better, margin: policy.margin, values }, policy))
}

fn contrast(
    id: &str,
    sides: &Sides<'_>,
    pairing: Pairing,
    policy: RowPolicy,
) -> Result<(Contrast, RowPolicy), Error> {
    let numbers = |runs: &[&Measured]| {
        runs.iter().map(|run| run.number(policy.statistic)).collect::<Result<Vec<_>, _>>()
    };
    let (base, head) = (numbers(&sides[0])?, numbers(&sides[1])?);
    let values = match pairing {
        _ if head.is_empty() => Values::BaseOnly { base },
        _ if base.is_empty() => Values::HeadOnly { head },
        Pairing::Paired => Values::Paired { base, head },
        Pairing::Unpaired => Values::Unpaired { base, head },
    };
    Ok((Contrast { id: id.to_owned(), better: policy.better, margin: policy.margin, values }, policy))
}
