//! Databases to measure on, gone when they are dropped, by a panic too.

use std::any::Any;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;

use crate::backend::database::{Database, PoolOptions, Sqlite, corpus};

/// The seed of every table.
pub(super) const SEED: u64 = 20;

/// An engine that the group can run on.
pub trait Engine {
    /// The name in the benchmarks' ids.
    fn name(&self) -> &'static str;

    /// An empty database with a schema and a pool of its own.
    ///
    /// # Panics
    /// There is none to be had: a benchmark that cannot run has failed.
    fn open(&self) -> BoxFuture<'static, Opened>;
}

/// An open database, with what removes it: dropped after the pool is closed.
pub struct Opened {
    /// The database.
    pub database: Arc<dyn Database>,
    /// Whatever has to live as long as the database does (its folder, its server).
    pub place: Box<dyn Any>,
}

/// SQLite on a file of its own in the folder for temporary files.
pub struct SqliteFiles;

impl Engine for SqliteFiles {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        Box::pin(async {
            let folder = tempfile::tempdir().unwrap_or_else(|error| {
                panic!("no temporary folder ({error}): set TMPDIR to a writable one")
            });
            let database = Sqlite::open(&folder.path().join("bench.db"), PoolOptions::default()).await;
            let database = database.unwrap_or_else(|error| panic!("{error}"));
            Opened { database: Arc::new(database), place: Box::new(folder) }
        })
    }
}

/// A database for one benchmark.
pub(super) struct Scratch<'a> {
    runtime: &'a Runtime,
    opened: Opened,
}

impl<'a> Scratch<'a> {
    /// A database that holds the first `rows` events of the corpus, and no more.
    pub(super) fn new(engine: &dyn Engine, runtime: &'a Runtime, rows: usize) -> Self {
        let scratch = Self { runtime, opened: runtime.block_on(engine.open()) };
        runtime.block_on(fill(scratch.database(), rows));
        scratch
    }

    pub(super) fn database(&self) -> &dyn Database {
        &*self.opened.database
    }

    /// For tasks of their own.
    pub(super) fn shared(&self) -> Arc<dyn Database> {
        Arc::clone(&self.opened.database)
    }
}

impl Drop for Scratch<'_> {
    /// Closes the pool first: its threads would write to the folder while it is being removed.
    fn drop(&mut self) {
        self.runtime.block_on(self.opened.database.close()).ok();
    }
}

async fn fill(database: &dyn Database, rows: usize) {
    answer(database.migrate().await);
    answer(corpus::load(database, SEED, rows).await);
    assert_eq!(answer(database.count_events().await), rows as u64, "the table was not filled");
}

/// The answer, or the end of the benchmark with the error's own message.
pub(super) fn answer<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::PathBuf;

    use super::*;
    use crate::bench::harness::runtime;

    fn folder(scratch: &Scratch<'_>) -> PathBuf {
        scratch.opened.place.downcast_ref::<tempfile::TempDir>().unwrap().path().to_owned()
    }

    #[test]
    fn nothing_is_left_on_disk_after_a_panic() {
        let runtime = runtime();
        let mut place = PathBuf::new();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let scratch = Scratch::new(&SqliteFiles, &runtime, 500);
            place = folder(&scratch);
            assert!(place.join("bench.db").exists());
            runtime.block_on(async { panic!("a failed check") })
        }));
        assert!(ended.is_err() && !place.exists(), "{} is left", place.display());
    }
}
