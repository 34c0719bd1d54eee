//! What a source holds: results that can be read, and those that cannot.

use std::path::PathBuf;

use rayon::prelude::*;

use crate::model::benchmark::Benchmark;
use crate::model::error::Error;

/// What a source holds under one name.
#[derive(Debug, Default)]
pub struct SavedResults {
    /// What can be read, by id.
    pub benchmarks: Vec<Benchmark>,
    /// What cannot.
    pub unreadable: Vec<UnreadableResult>,
    /// Folders of results in a format that this source does not read.
    pub foreign: Vec<PathBuf>,
}

/// A result that cannot be read.
#[derive(Debug)]
pub struct UnreadableResult {
    /// Its benchmark, where that much can be read.
    pub id: Option<String>,
    /// Its folder.
    pub folder: PathBuf,
    /// Why not.
    pub error: Error,
}

impl SavedResults {
    /// All benchmarks.
    ///
    /// # Errors
    /// A result cannot be read: the error names all of those.
    pub fn all(self) -> Result<Vec<Benchmark>, Error> {
        match Error::join(self.unreadable.into_iter().map(|unreadable| unreadable.error)) {
            None => Ok(self.benchmarks),
            Some(error) => Err(error),
        }
    }

    pub(super) fn unreadable(folder: PathBuf, error: Error) -> Self {
        Self { unreadable: vec![UnreadableResult { id: None, folder, error }], ..Self::default() }
    }

    pub(super) fn and(mut self, more: Self) -> Self {
        self.benchmarks.extend(more.benchmarks);
        self.unreadable.extend(more.unreadable);
        self.foreign.extend(more.foreign);
        self
    }

    /// By id, each id once: another result of the same id cannot be told from the first.
    pub(super) fn sorted(mut self) -> Self {
        self.benchmarks.par_sort_unstable_by(|one, other| {
            one.id.cmp(&other.id).then_with(|| one.folder.cmp(&other.folder))
        });
        self.benchmarks.dedup_by(|second, first| {
            let is_double = first.id == second.id;
            self.unreadable.extend(is_double.then(|| UnreadableResult::double(first, second)));
            is_double
        });
        self.unreadable.sort_by(|one, other| one.folder.cmp(&other.folder));
        self
    }
}

impl UnreadableResult {
    fn double(first: &Benchmark, second: &Benchmark) -> Self {
        let (id, folder) = (second.id.clone(), second.folder.clone());
        let error =
            Error::DuplicateBenchmark { id: id.clone(), first: first.folder.clone(), second: folder.clone() };
        Self { id: Some(id), folder, error }
    }
}
