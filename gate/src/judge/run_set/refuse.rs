//! What cannot be evidence, looked for before anything is compared.

use std::collections::HashMap;
use std::path::Path;

use super::{RecordedRun, RunSet};
use crate::files::baseline::Measured;
use crate::model::benchmark::Throughput;
use crate::model::environment::Difference;
use crate::model::error::RunSetError;

/// Fails on the first thing that keeps the runs of `base` and `head` from being compared, whoever allows what.
///
/// # Errors
/// One run is there twice, a benchmark has two sizes, or is not in every run of a side that has it.
pub fn refuse_unfit(base: &RunSet, head: &RunSet) -> Result<(), RunSetError> {
    let runs: Vec<&RecordedRun> = base.runs.iter().chain(&head.runs).collect();
    refuse_one_run_twice(&runs)?;
    refuse_different_sizes(&runs)?;
    [base, head].into_iter().try_for_each(refuse_incomplete)
}

/// The first two runs whose environments differ in what has to be equal; what is unknown does not differ.
#[must_use]
pub fn different_environment(base: &RunSet, head: &RunSet) -> Option<RunSetError> {
    let all = base.runs.iter().chain(&head.runs);
    let mut known = all.filter_map(|run| Some((&run.origin, run.environment.as_ref()?)));
    let (first, environment) = known.next()?;
    let (second, Difference { what, one, other }) =
        known.find_map(|(second, another)| Some((second, environment.difference(another)?)))?;
    let (first, second) = (first.clone(), second.clone());
    Some(RunSetError::DifferentEnvironment { what, first, one, second, other })
}

/// Fails on the first folder of results that is given twice, by whatever path.
///
/// # Errors
/// [`RunSetError::OneRunTwice`].
pub fn refuse_one_home_twice(base: &RunSet, head: &RunSet) -> Result<(), RunSetError> {
    let mut seen: HashMap<&Path, &RecordedRun> = HashMap::new();
    for run in base.runs.iter().chain(&head.runs) {
        let Some(folder) = run.folder.as_deref() else { continue };
        if let Some(first) = seen.insert(folder, run) {
            let why = format!("both are {}", folder.display());
            return Err(RunSetError::OneRunTwice {
                first: first.origin.clone(),
                second: run.origin.clone(),
                why,
            });
        }
    }
    Ok(())
}

fn refuse_one_run_twice(runs: &[&RecordedRun]) -> Result<(), RunSetError> {
    let pairs =
        runs.iter().enumerate().flat_map(|(at, one)| runs[at + 1..].iter().map(move |other| (one, other)));
    let mut found = pairs.filter_map(|(one, other)| Some((one, other, why_one(one, other)?)));
    match found.next() {
        None => Ok(()),
        Some((one, other, why)) => {
            Err(RunSetError::OneRunTwice { first: one.origin.clone(), second: other.origin.clone(), why })
        }
    }
}

/// What shows that two runs are one process. Records with different beginnings show that they are not, though their
/// values may be equal: what is replayed from a seed repeats.
fn why_one(one: &RecordedRun, other: &RecordedRun) -> Option<String> {
    match (one.started, other.started) {
        (Some(one), Some(other)) if one != other => return None,
        (Some(one), Some(other)) if one == other => return Some(format!("both began at {one}")),
        _ if measured_apart(one, other) || (one.made_apart && other.made_apart) => return None,
        _ => {}
    }
    let others: HashMap<&str, &Measured> = other.results.iter().map(|it| (it.id.as_str(), it)).collect();
    let common = one.results.iter().filter_map(|it| Some((it, *others.get(it.id.as_str())?)));
    let telling: Vec<(&Measured, &Measured)> = common.filter(|(one, _)| varies(one)).collect();
    let repeated = telling.iter().filter(|(one, other)| same_samples(one, other)).count();
    (repeated > 0 && repeated == telling.len())
        .then(|| format!("every sample of `{}` is the same in both", telling[0].0.id))
}

/// Whether they were measured at different times, as far as that was noted.
fn measured_apart(one: &RecordedRun, other: &RecordedRun) -> bool {
    let times = [one, other].map(|run| run.environment.as_ref().map(|environment| &environment.time));
    matches!(times, [Some(one), Some(other)] if one != other)
}

/// Whether its samples differ at all: a recorded value that is replayed as it is says nothing of who measured it.
fn varies(measured: &Measured) -> bool {
    measured.estimates.std_dev.point > 0.0
}

/// Whether two results come from the same samples, by what follows from them alone.
fn same_samples(one: &Measured, other: &Measured) -> bool {
    let of = |it: &Measured| {
        [it.p10, it.estimates.mean.point, it.estimates.median.point, it.estimates.std_dev.point]
    };
    one.samples == other.samples && of(one).map(f64::to_bits) == of(other).map(f64::to_bits)
}

fn refuse_different_sizes(runs: &[&RecordedRun]) -> Result<(), RunSetError> {
    let mut sizes: HashMap<&str, (&RecordedRun, Option<Throughput>)> = HashMap::new();
    for run in runs {
        for result in &run.results {
            let (first, size) = *sizes.entry(&result.id).or_insert((run, result.throughput));
            if size != result.throughput {
                return Err(RunSetError::DifferentSize {
                    id: result.id.clone(),
                    first: first.origin.clone(),
                    one: in_words(size),
                    second: run.origin.clone(),
                    other: in_words(result.throughput),
                });
            }
        }
    }
    Ok(())
}

fn in_words(throughput: Option<Throughput>) -> String {
    throughput.map_or_else(|| "no declared size".to_owned(), |throughput| throughput.to_string())
}

fn refuse_incomplete(side: &RunSet) -> Result<(), RunSetError> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    side.runs.iter().flat_map(|run| &run.results).for_each(|it| *counts.entry(&it.id).or_default() += 1);
    let partial = counts.into_iter().filter(|(_, count)| *count < side.runs.len()).map(|(id, _)| id).min();
    let Some(id) = partial else { return Ok(()) };
    let has = |run: &&RecordedRun| run.results.iter().any(|result| result.id == id);
    let origin = |run: Option<&RecordedRun>| run.map(|run| run.origin.clone()).unwrap_or_default();
    Err(RunSetError::Incomplete {
        id: id.to_owned(),
        side: side.name.clone(),
        with: origin(side.runs.iter().find(has)),
        without: origin(side.runs.iter().find(|run| !has(run))),
    })
}
