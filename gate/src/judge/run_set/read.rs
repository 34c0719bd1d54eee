//! Runs from Criterion homes, one from each.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{RecordedRun, RunSet};
use crate::criterion;
use crate::files::baseline::Run;
use crate::measure::run::record::RunRecord;
use crate::metadata::EngineMetadata;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::error::RunSetError;

/// The side `name` of the results that `homes` hold under `saved` ([`criterion::LATEST`] for the latest), one run in each.
///
/// # Errors
/// A home cannot be read ([`criterion::load`]), holds results that are older than its own run, or one that did not end.
pub fn from_homes(name: &str, homes: &[PathBuf], saved: &str) -> Result<RunSet, Error> {
    // All of them, so that of several faults the first is told, whichever was found first.
    let runs: Vec<Result<RecordedRun, Error>> = homes.par_iter().map(|home| from_home(home, saved)).collect();
    let runs = runs.into_iter().collect::<Result<_, _>>()?;
    Ok(RunSet { name: name.to_owned(), runs })
}

fn from_home(home: &Path, saved: &str) -> Result<RecordedRun, Error> {
    let benchmarks = criterion::load(home, saved)?;
    // The record is of the latest results, whatever was saved beside them.
    let record = if saved == criterion::LATEST { RunRecord::read(home)? } else { None };
    if let Some(record) = &record {
        refuse_failed(home, record)?;
        criterion::refuse_stale(&benchmarks, record.fresh_from())?;
    }
    Ok(RecordedRun {
        origin: if saved == criterion::LATEST {
            home.display().to_string()
        } else {
            format!("{} ({saved})", home.display())
        },
        made_apart: false,
        folder: Some(home.canonicalize().map_err(Error::io("find", home))?.join(saved)),
        started: record.as_ref().map(RunRecord::started),
        environment: environment(home, saved, record)?,
        results: Run::of(&benchmarks).results,
    })
}

/// Where the run was measured, as far as its record says, and on which engines, as its benches noted.
fn environment(home: &Path, saved: &str, record: Option<RunRecord>) -> Result<Option<Environment>, Error> {
    let since = record.as_ref().map(RunRecord::fresh_from);
    // They noted the engines of the latest results.
    let facts = if saved == criterion::LATEST {
        EngineMetadata::read(home, since)?
    } else {
        EngineMetadata::default()
    };
    let known = record.map_or_else(Environment::unknown, |record| record.environment);
    let environment = Environment { engines: facts.majors(), ..known };
    Ok(Some(environment).filter(|environment| !environment.is_unknown()))
}

fn refuse_failed(home: &Path, record: &RunRecord) -> Result<(), Error> {
    match record.failures.first() {
        None => Ok(()),
        Some(failure) => Err(RunSetError::FailedRun {
            path: home.to_owned(),
            category: failure.category.clone(),
            reason: failure.reason.clone(),
        }
        .into()),
    }
}
