//! Reads what Criterion leaves on disk. Nothing outside this module knows the format.
//!
//! [`Source`] is what the rest of the gate sees: benchmarks with their estimates and samples, each read once. A
//! [`CriterionHome`] is one; results in another format are another implementation.
//!
//! Criterion calls its JSON private, so `tests/criterion_format.rs` has the pinned Criterion write real output and
//! reads it back: an upgrade that changes the format breaks that test and not a user's gate.
//!
//! A home is a tree of `<group>/[<function>/][<value>/]<baseline>/`, where `<baseline>` is `new` for the latest
//! result and a name for a saved one. Path components are cut to 64 bytes and cleaned of special characters, so
//! the id is taken from `benchmark.json` and never from the path. A benchmark may itself be called `new`.

mod folder;
mod saved;
mod wire;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;

use crate::model::benchmark::Benchmark;
use crate::model::error::Error;
use folder::Folder;

pub use crate::metadata::{criterion_home, target_folder};
pub use saved::{SavedResults, UnreadableResult};

/// The name that Criterion gives the latest results.
pub const LATEST: &str = "new";

/// The name that Criterion gives the results before those.
const PREVIOUS: &str = "base";

/// The folders that Criterion makes for every benchmark: worth a look whether there is anything in them to visit.
const FOLDERS: [&str; 4] = [LATEST, PREVIOUS, "change", "report"];

/// The file by which a folder of `cargo criterion` is known. It holds CBOR, which is another format.
const CARGO_CRITERION: &str = "benchmark.cbor";

/// A place that holds results, whatever wrote them.
pub trait Source: Sync {
    /// Every result saved as `saved` ([`LATEST`] for the latest), by id, and every one that cannot be read.
    ///
    /// # Errors
    /// There is no such place, or it holds no such result.
    fn read(&self, saved: &str) -> Result<SavedResults, Error>;

    /// When the result of `benchmark` was written.
    ///
    /// # Errors
    /// It is gone.
    fn written(&self, benchmark: &Benchmark) -> Result<SystemTime, Error>;

    /// How many benchmarks each saved set holds, by name; Criterion's own `new` and `base` are not among them.
    ///
    /// # Errors
    /// A folder cannot be listed.
    fn saved_sets(&self) -> Result<BTreeMap<String, usize>, Error>;
}

/// A folder that Criterion fills.
#[derive(Debug, Clone, Copy)]
pub struct CriterionHome<'a>(pub &'a Path);

impl Source for CriterionHome<'_> {
    fn read(&self, saved: &str) -> Result<SavedResults, Error> {
        let Self(home) = *self;
        if !home.is_dir() {
            return Err(Error::NoHome { path: home.to_owned() });
        }
        let found = visit(&mut Folder::open(home)?, Path::new(saved));
        match found.foreign.first() {
            _ if !(found.benchmarks.is_empty() && found.unreadable.is_empty()) => Ok(found.sorted()),
            Some(folder) => Err(Error::CargoCriterion { path: folder.clone() }),
            None => Err(Error::EmptyHome { path: home.to_owned(), baseline: saved.to_owned() }),
        }
    }

    fn written(&self, benchmark: &Benchmark) -> Result<SystemTime, Error> {
        written(benchmark)
    }

    fn saved_sets(&self) -> Result<BTreeMap<String, usize>, Error> {
        let mut counts = BTreeMap::new();
        if self.0.is_dir() {
            count_saved(Folder::open(self.0)?, &mut counts)?;
        }
        counts.retain(|name, _| name != LATEST && name != PREVIOUS);
        Ok(counts)
    }
}

/// Every benchmark in `home` that has a result saved as `saved` ([`LATEST`] for the latest), by id.
///
/// # Errors
/// The home does not exist or holds no such result; or results cannot be read, are malformed or incomplete, hold
/// numbers that no measurement can give, or claim one id: all of them are named.
pub fn load(home: &Path, saved: &str) -> Result<Vec<Benchmark>, Error> {
    CriterionHome(home).read(saved)?.all()
}

/// When the estimates of `benchmark` were written.
///
/// # Errors
/// The file is gone.
pub fn written(benchmark: &Benchmark) -> Result<SystemTime, Error> {
    wire::written(&benchmark.folder)
}

/// Whether the folder `name` of a home may hold results of `category`: Criterion replaces characters in the names of
/// folders, and cuts long ones.
#[must_use]
pub fn may_hold(name: &str, category: &str) -> bool {
    let cleaned = category.replace(['?', '"', '/', '\\', '*', '<', '>', ':', '|', '^'], "_");
    name.starts_with(&cleaned) || cleaned.starts_with(name)
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
fn visit(folder: &mut Folder, saved: &Path) -> SavedResults {
    let listing = match folder.list() {
        Ok(listing) => listing,
        Err(error) => return SavedResults::unreadable(folder.path.clone(), error),
    };
    if listing.files.iter().any(|file| file == CARGO_CRITERION) {
        return SavedResults { foreign: vec![folder.path.clone()], ..SavedResults::default() };
    }
    let look = |name: &OsString| {
        let name = Path::new(name);
        look(folder, name, saved)
            .unwrap_or_else(|error| SavedResults::unreadable(folder.path.join(name), error))
    };
    listing.folders.par_iter().map(look).reduce(SavedResults::default, SavedResults::and)
}

/// The results in and below the folder `name` of `parent`. A result's own folder is searched too, since a function may
/// be called `new`; but only where there is, or may be, something in it.
fn look(parent: &Folder, name: &Path, saved: &Path) -> Result<SavedResults, Error> {
    let result = name.join(saved);
    let is_own = FOLDERS.iter().any(|own| name == *own) || name == saved;
    match (is_own, parent.count_folders(name)) {
        (true, Some(0)) if name != saved => Ok(SavedResults::default()),
        (true, Some(0)) => Ok(wire::read_result(parent, name)),
        (false, Some(1)) if parent.count_folders(&result) == Some(0) => {
            Ok(wire::read_result(parent, &result))
        }
        _ => visit_and_read(parent, name, saved),
    }
}

fn visit_and_read(parent: &Folder, name: &Path, saved: &Path) -> Result<SavedResults, Error> {
    let found = visit(&mut parent.inner(name)?, saved);
    Ok(if name == saved { found.and(wire::read_result(parent, name)) } else { found })
}

fn count_saved(mut folder: Folder, counts: &mut BTreeMap<String, usize>) -> Result<(), Error> {
    let listing = folder.list()?;
    if listing.files.iter().any(|file| file == wire::FILES[0]) {
        let name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        *counts.entry(name).or_default() += 1;
    }
    listing.folders.iter().try_for_each(|name| count_saved(folder.inner(Path::new(name))?, counts))
}
