//! The engines under test, each with a place of its own for every test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use backend_bench::backend::database::{Corpus, Database, Error, Event, PoolOptions, Postgres, Sqlite};
use backend_bench::bench::services::Service;
use backend_bench::bench::services::postgres::{PostgresSources, start_from};
use tempfile::TempDir;

/// A place for one database of an engine.
pub trait TestEngine: Sized {
    /// What it opens.
    type Database: Database + 'static;

    /// The name in the benchmarks' ids.
    const NAME: &'static str;

    /// A place that no other test uses. The test fails if the engine is not available.
    fn new() -> Self;

    /// Opens the database there; more than once, if a test wants to.
    async fn open(&self, options: PoolOptions) -> Result<Self::Database, Error>;
}

/// A migrated database in a place of its own.
pub async fn database<E: TestEngine>(options: PoolOptions) -> (E, E::Database) {
    let place = E::new();
    let database = place.open(options).await.unwrap();
    database.migrate().await.unwrap();
    (place, database)
}

/// The first events of the corpus.
pub fn events(count: usize) -> Vec<Event> {
    Corpus::new(11).take(count).collect()
}

/// A file in a folder of its own.
pub struct SqliteFile(TempDir);

impl TestEngine for SqliteFile {
    type Database = Sqlite;

    const NAME: &'static str = "sqlite";

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self, options: PoolOptions) -> Result<Sqlite, Error> {
        Sqlite::open(&self.0.path().join("test.db"), options).await
    }
}

/// A schema on one ephemeral server for all tests. The server ends with this process.
pub struct PostgresSchema {
    url: &'static str,
    schema: String,
}

impl TestEngine for PostgresSchema {
    type Database = Postgres;

    const NAME: &'static str = "postgres";

    fn new() -> Self {
        static SERVER: OnceLock<Service> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let start = || start_from(&PostgresSources { url: None, ..PostgresSources::of_this_machine() });
        let server = SERVER.get_or_init(|| start().unwrap_or_else(|error| panic!("{error}")));
        Self { url: server.url(), schema: format!("contract_{}", NEXT.fetch_add(1, Ordering::Relaxed)) }
    }

    async fn open(&self, options: PoolOptions) -> Result<Postgres, Error> {
        Postgres::open(self.url, &self.schema, options).await
    }
}
