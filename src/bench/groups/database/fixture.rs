//! One engine while it is measured: started once, with databases that are removed when they are dropped, by a panic too.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::engines::{Engine, Opened, Remove, Running, expect_ok};
use crate::backend::database::{Database, PreparedStatements, corpus};
use crate::bench::services::StartError;
use crate::bench::{MetadataWriter, harness, services};

/// The seed of every table.
pub(super) const SEED: u64 = 20;

/// A database with a schema and a pool of its own.
pub(super) struct Scratch<'a> {
    runtime: &'a Runtime,
    database: Arc<dyn Database>,
    statements: Option<Arc<dyn PreparedStatements>>,
    /// `None` once it was called.
    remove: Option<Remove>,
}

impl<'a> Scratch<'a> {
    /// A database that holds exactly the first `rows` events of the corpus.
    fn new(engine: &dyn Running, runtime: &'a Runtime, rows: usize) -> Self {
        let Opened { database, statements, remove } = runtime.block_on(engine.open());
        let scratch = Self { runtime, database, statements, remove: Some(remove) };
        runtime.block_on(fill(scratch.database(), rows));
        scratch
    }

    pub(super) fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// For tasks of their own.
    pub(super) fn shared(&self) -> Arc<dyn Database> {
        Arc::clone(&self.database)
    }

    pub(super) fn statements(&self) -> &dyn PreparedStatements {
        self.statements.as_deref().expect("an engine that says it prepares statements")
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        if let Some(remove) = self.remove.take()
            && let Err(error) = self.runtime.block_on(remove())
        {
            eprintln!("warning: a database of this bench is left behind: {error}");
        }
    }
}

async fn fill(database: &dyn Database, rows: usize) {
    expect_ok(database.migrate().await);
    expect_ok(corpus::load(database, SEED, rows).await);
    assert_eq!(expect_ok(database.count_events().await), rows as u64, "the table was not filled");
}

/// An engine, the runtime on which to work with it, and the tables that have been loaded.
pub(super) struct Fixture<'a> {
    engine: &'a dyn Engine,
    pub(super) runtime: &'a Runtime,
    metadata: MetadataWriter,
    /// By rows. Dropped before the engine that they are in.
    tables: RefCell<BTreeMap<usize, Rc<Scratch<'a>>>>,
    /// `None` inside if it is not available.
    running: OnceCell<Option<Box<dyn Running>>>,
}

impl<'a> Fixture<'a> {
    pub(super) fn new(engine: &'a dyn Engine, runtime: &'a Runtime, metadata: MetadataWriter) -> Self {
        Self { engine, runtime, metadata, tables: RefCell::default(), running: OnceCell::new() }
    }

    pub(super) fn id(&self, name: &str) -> String {
        format!("{}/{name}", self.engine.name())
    }

    /// Whether the engine was looked for and not found.
    pub(super) fn is_unavailable(&self) -> bool {
        matches!(self.running.get(), Some(None))
    }

    /// A database without events, for one benchmark.
    pub(super) fn empty(&self) -> Scratch<'a> {
        self.loaded(0)
    }

    /// A database for one benchmark that holds the first `rows` events of the corpus.
    pub(super) fn loaded(&self, rows: usize) -> Scratch<'a> {
        Scratch::new(self.running(), self.runtime, rows)
    }

    /// A database that holds the first `rows` events of the corpus, loaded once and shared: for reading.
    pub(super) fn table(&self, rows: usize) -> Rc<Scratch<'a>> {
        let found = self.tables.borrow().get(&rows).cloned();
        found.unwrap_or_else(|| {
            let loaded = Rc::new(self.loaded(rows));
            self.tables.borrow_mut().insert(rows, Rc::clone(&loaded));
            loaded
        })
    }

    /// The engine, started when it is first needed. Skips the benchmark that needs it if it is not available.
    fn running(&self) -> &dyn Running {
        match self.running.get_or_init(|| self.start()) {
            Some(running) => &**running,
            None => harness::skip(),
        }
    }

    fn start(&self) -> Option<Box<dyn Running>> {
        match self.engine.start(self.runtime) {
            Ok(running) => {
                expect_ok(self.metadata.record_engine(&running.metadata()));
                Some(running)
            }
            Err(StartError::NotRun { reason, remedy, .. }) => {
                self.record_not_run(&reason, &remedy);
                None
            }
            Err(failed) => panic!("{failed}"),
        }
    }

    fn record_not_run(&self, reason: &str, remedy: &str) {
        let name = self.engine.name();
        expect_ok(self.metadata.record_not_run(name, reason, remedy));
        assert!(
            !services::is_required(name),
            "{name} is required (BENCH_REQUIRE), and not available: {reason}; {remedy}"
        );
        eprintln!("{name} is NOT RUN: {reason}\n  help: {remedy}");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;
    use std::sync::OnceLock;

    use bench_gate::metadata;
    use criterion::Criterion;
    use futures_util::future::BoxFuture;

    use super::super::engines::SqliteFiles;
    use super::super::measure;
    use super::*;
    use crate::bench::Harness;

    /// An engine that cannot be started, for a reason.
    struct Absent {
        why: StartError,
        asked: Cell<usize>,
    }

    impl Absent {
        fn because(why: StartError) -> Self {
            Self { why, asked: Cell::new(0) }
        }
    }

    impl Engine for Absent {
        fn name(&self) -> &'static str {
            "absent"
        }

        fn start(&self, _: &Runtime) -> Result<Box<dyn Running>, StartError> {
            self.asked.set(self.asked.get() + 1);
            Err(self.why.clone())
        }
    }

    /// Measures `engine` into `home`, and returns the message of its panic, if any.
    fn measured(engine: &Absent, home: &Path) -> Option<String> {
        let metadata = MetadataWriter::in_home("database", home.to_owned());
        let criterion = Criterion::default().output_directory(home).without_plots();
        let mut harness = Harness::for_test("database", criterion, metadata);
        let ended = catch_unwind(AssertUnwindSafe(|| measure(&mut harness, engine)));
        ended.err().map(|panic| *panic.downcast::<String>().expect("a message"))
    }

    fn facts_in(home: &Path) -> String {
        std::fs::read_to_string(home.join("bench-gate-facts/database.json")).unwrap_or_default()
    }

    #[test]
    fn an_unavailable_engine_is_recorded_and_skipped() {
        let engine = Absent::because(StartError::NotRun {
            engine: "absent",
            reason: "no server here".to_owned(),
            remedy: "get one".to_owned(),
        });
        let home = tempfile::tempdir().unwrap();
        assert_eq!(measured(&engine, home.path()), None);
        let metadata = facts_in(home.path());
        assert!(metadata.contains("database/absent/*") && metadata.contains("no server here"), "{metadata}");
        assert!(!home.path().join("database").exists(), "there is a result");
        assert_eq!(engine.asked.get(), 1, "it was looked for again and again");
    }

    #[test]
    fn an_engine_that_does_not_work_ends_the_group() {
        let engine = Absent::because(StartError::Failed {
            engine: "absent",
            problem: "the URL is wrong".to_owned(),
            remedy: "correct it".to_owned(),
        });
        let home = tempfile::tempdir().unwrap();
        let message = measured(&engine, home.path()).expect("a panic");
        assert!(message.contains("the URL is wrong") && message.contains("correct it"), "{message}");
        assert_eq!(facts_in(home.path()), "");
    }

    #[test]
    fn a_table_is_loaded_once_and_shared() {
        let runtime = harness::runtime();
        let fixture = Fixture::new(&SqliteFiles, &runtime, MetadataWriter::unwritten("database"));
        let (one, other) = (fixture.table(500), fixture.table(500));
        assert!(Rc::ptr_eq(&one, &other) && !Rc::ptr_eq(&one, &fixture.table(600)));
        assert_eq!(expect_ok(runtime.block_on(one.database().count_events())), 500);
    }

    /// An engine whose databases record that they were removed.
    struct Watched {
        sqlite: Box<dyn Running>,
        removed: Arc<OnceLock<()>>,
    }

    impl Running for Watched {
        fn metadata(&self) -> metadata::Engine {
            self.sqlite.metadata()
        }

        fn open(&self) -> BoxFuture<'static, Opened> {
            let (opened, removed) = (self.sqlite.open(), Arc::clone(&self.removed));
            Box::pin(async move {
                let Opened { database, statements, remove } = opened.await;
                let watched: Remove = Box::new(move || {
                    removed.set(()).unwrap();
                    remove()
                });
                Opened { database, statements, remove: watched }
            })
        }
    }

    #[test]
    fn a_database_is_removed_after_a_panic() {
        let (runtime, removed) = (harness::runtime(), Arc::default());
        let watched = Watched { sqlite: SqliteFiles.start(&runtime).unwrap(), removed: Arc::clone(&removed) };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let _scratch = Scratch::new(&watched, &runtime, 500);
            runtime.block_on(async { panic!("a failed check") })
        }));
        assert!(ended.is_err() && removed.get().is_some(), "the database was not removed");
    }
}
