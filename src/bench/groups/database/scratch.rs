//! Databases to measure on, gone when they are dropped, by a panic too.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::engine::{Opened, Running};
use crate::backend::database::{Database, PreparedStatements, corpus};

/// The seed of every table.
pub(super) const SEED: u64 = 20;

/// A database with a schema and a pool of its own.
pub(super) struct Scratch<'a> {
    runtime: &'a Runtime,
    opened: Opened,
}

impl<'a> Scratch<'a> {
    /// A database that holds the first `rows` events of the corpus, and no more.
    pub(super) fn new(engine: &dyn Running, runtime: &'a Runtime, rows: usize) -> Self {
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

    /// Where the engine keeps statements prepared.
    pub(super) fn statements(&self) -> Option<&dyn PreparedStatements> {
        self.opened.statements.as_deref()
    }
}

impl Drop for Scratch<'_> {
    /// Removes what is stored, then closes the pool: its threads would write to a folder while it is being removed.
    fn drop(&mut self) {
        if let Err(error) = self.runtime.block_on(self.opened.storage.remove()) {
            eprintln!("warning: a database of this bench is left behind: {error}");
        }
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
    use std::any::Any;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::PathBuf;

    use super::super::engine::{Engine, SqliteFiles};
    use super::*;
    use crate::bench::harness::runtime;

    fn folder(scratch: &Scratch<'_>) -> PathBuf {
        let storage: &dyn Any = &*scratch.opened.storage;
        storage.downcast_ref::<tempfile::TempDir>().unwrap().path().to_owned()
    }

    #[test]
    fn nothing_is_left_on_disk_after_a_panic() {
        let (runtime, mut place) = (runtime(), PathBuf::new());
        let files = SqliteFiles.start(&runtime).unwrap();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let scratch = Scratch::new(&*files, &runtime, 500);
            place = folder(&scratch);
            assert!(place.join("bench.db").exists());
            runtime.block_on(async { panic!("a failed check") })
        }));
        assert!(ended.is_err() && !place.exists(), "{} is left", place.display());
    }
}
