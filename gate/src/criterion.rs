//! Reads what Criterion leaves on disk. Nothing outside this module knows the format.
//!
//! Criterion 0.8 calls its JSON private, so `tests/criterion_format.rs` has the pinned Criterion write real output and
//! reads it back: an upgrade that changes the format breaks that test and not somebody's gate.
//!
//! A home is a tree of `<group>/[<function>/][<value>/]<baseline>/`, where `<baseline>` is `new` for the latest
//! result and a name for a saved one. Path components are cut to 64 bytes and cleaned of special characters, so
//! the id is taken from `benchmark.json` and never from the path. A benchmark may itself be called `new`.

mod folder;
mod wire;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;

use crate::model::benchmark::{Benchmark, Samples};
use crate::model::error::Error;
use folder::Folder;

pub use crate::metadata::{criterion_home, target_folder};

/// The name that Criterion gives the latest results.
pub const LATEST: &str = "new";

/// The name that Criterion gives the results before those.
const PREVIOUS: &str = "base";

/// The folders that Criterion makes for every benchmark: worth a look whether there is anything in them to visit.
const FOLDERS: [&str; 4] = [LATEST, PREVIOUS, "change", "report"];

/// Every benchmark in `home` that has a result saved as `baseline` ([`LATEST`] for the latest), by id.
///
/// # Errors
/// The home does not exist or holds no such result; a file cannot be read, is malformed or incomplete, or holds
/// numbers that no measurement can give; two results claim one id.
pub fn load(home: &Path, baseline: &str) -> Result<Vec<Benchmark>, Error> {
    if !home.is_dir() {
        return Err(Error::NoHome { path: home.to_owned() });
    }
    let mut found = visit(Folder::open(home)?, Path::new(baseline))?;
    if found.is_empty() {
        return Err(Error::EmptyHome { path: home.to_owned(), baseline: baseline.to_owned() });
    }
    found
        .par_sort_unstable_by(|one, other| one.id.cmp(&other.id).then_with(|| one.folder.cmp(&other.folder)));
    refuse_duplicates(&found)?;
    Ok(found)
}

/// The samples that `benchmark` was estimated from.
///
/// # Errors
/// The file is gone or has been changed since the benchmark was read.
pub fn samples(benchmark: &Benchmark) -> Result<Samples, Error> {
    wire::read_samples(&benchmark.folder)
}

/// When the estimates of `benchmark` were written.
///
/// # Errors
/// The file is gone.
pub fn written(benchmark: &Benchmark) -> Result<SystemTime, Error> {
    wire::written(&benchmark.folder)
}

/// How many benchmarks each saved set of `home` holds, by name; Criterion's own `new` and `base` are not among them.
///
/// # Errors
/// A folder cannot be listed.
pub fn saved_baselines(home: &Path) -> Result<BTreeMap<String, usize>, Error> {
    let mut counts = BTreeMap::new();
    if home.is_dir() {
        count_saved(Folder::open(home)?, &mut counts)?;
    }
    counts.retain(|name, _| name != LATEST && name != PREVIOUS);
    Ok(counts)
}

/// Fails on the first benchmark that was measured before `started`.
///
/// # Errors
/// There is one: [`Error::Stale`]. Or a file is gone.
pub fn refuse_stale<'a>(
    benchmarks: impl IntoIterator<Item = &'a Benchmark>,
    started: SystemTime,
) -> Result<(), Error> {
    for benchmark in benchmarks {
        if written(benchmark)? < started {
            return Err(Error::Stale { path: benchmark.folder.clone(), id: benchmark.id.clone() });
        }
    }
    Ok(())
}

/// The results below `folder`.
fn visit(mut folder: Folder, baseline: &Path) -> Result<Vec<Benchmark>, Error> {
    let listing = folder.list()?;
    let look = |name: &OsString| look(&folder, Path::new(name), baseline);
    listing.folders.par_iter().map(look).try_reduce(Vec::new, |mut all, more| {
        all.extend(more);
        Ok(all)
    })
}

/// The results in and below the folder `name` of `parent`. A result's own folder is searched too, since a function may
/// be called `new`; but only where there is, or may be, something in it.
fn look(parent: &Folder, name: &Path, baseline: &Path) -> Result<Vec<Benchmark>, Error> {
    let result = name.join(baseline);
    let is_own = FOLDERS.iter().any(|own| name == *own) || name == baseline;
    match (is_own, parent.count_folders(name)) {
        (true, Some(0)) if name != baseline => Ok(Vec::new()),
        (true, Some(0)) => Ok(wire::read_result(parent, name)?.into_iter().collect()),
        (false, Some(1)) if parent.count_folders(&result) == Some(0) => {
            Ok(wire::read_result(parent, &result)?.into_iter().collect())
        }
        _ => visit_and_read(parent, name, baseline),
    }
}

fn visit_and_read(parent: &Folder, name: &Path, baseline: &Path) -> Result<Vec<Benchmark>, Error> {
    let mut found = visit(parent.inner(name)?, baseline)?;
    if name == baseline {
        found.extend(wire::read_result(parent, name)?);
    }
    Ok(found)
}

fn count_saved(mut folder: Folder, counts: &mut BTreeMap<String, usize>) -> Result<(), Error> {
    let listing = folder.list()?;
    if listing.files.iter().any(|file| file == wire::FILES[0]) {
        let name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        *counts.entry(name).or_default() += 1;
    }
    listing.folders.iter().try_for_each(|name| count_saved(folder.inner(Path::new(name))?, counts))
}

fn refuse_duplicates(sorted: &[Benchmark]) -> Result<(), Error> {
    match sorted.windows(2).find(|pair| pair[0].id == pair[1].id) {
        None => Ok(()),
        Some(pair) => Err(Error::DuplicateBenchmark {
            id: pair[0].id.clone(),
            first: pair[0].folder.clone(),
            second: pair[1].folder.clone(),
        }),
    }
}
