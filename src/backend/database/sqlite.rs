//! SQLite by sqlx: one file in WAL mode, a pool of connections with a thread each.
//!
//! Readers never wait for a writer. Writers wait for each other in the order in which they came: a queue inside
//! the process, because SQLite's own way to wait for its lock is to poll it.

mod conversations;
mod events;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

use super::pool::{Lease, PoolOptions, PoolStats, SqlxPool};
use super::{Database, Error, Event, ModelUsage, PreparedStatements, Task};

/// Primary result codes, the lowest byte of the extended ones (<https://sqlite.org/rescode.html>).
mod code {
    pub const BUSY: i32 = 5;
    pub const READONLY: i32 = 8;
    pub const CANTOPEN: i32 = 14;
    pub const CONSTRAINT: i32 = 19;
    pub const NOTADB: i32 = 26;
}

/// A pool of connections to one SQLite file.
#[derive(Debug)]
pub struct Sqlite {
    pool: SqlxPool<sqlx::Sqlite>,
    place: PathBuf,
    writer: Mutex<()>,
}

impl Sqlite {
    /// Opens `file`, and creates it if it is missing. Call [`Database::migrate`] next.
    ///
    /// Commits are safe against a crash of the process; the last ones may be lost with the machine's power
    /// (`synchronous = NORMAL`).
    ///
    /// # Errors
    /// [`Error::Open`] if the folder is missing or cannot be written to, or the file is not an SQLite database.
    pub async fn open(file: &Path, options: PoolOptions) -> Result<Self, Error> {
        let connect = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(options.lock_timeout);
        let pool = SqlxPool::connect(connect, options).await.map_err(|error| unopened(file, &error))?;
        Ok(Self { pool, place: file.to_owned(), writer: Mutex::new(()) })
    }

    fn pool(&self) -> &SqlitePool {
        self.pool.pool()
    }

    /// Does `work` within the deadline, and explains its error.
    async fn run<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let limit = self.pool.options().query_timeout;
        let late = |_| Error::Timeout { place: self.place(), operation, limit };
        let done = self.pool.in_time(Duration::ZERO, work).await.map_err(late)?;
        done.map_err(|error| self.explain(operation, error))
    }

    /// [`Sqlite::run`], one at a time.
    async fn write<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let in_turn = async {
            let _turn = self.writer.lock().await;
            work.await
        };
        self.run(operation, in_turn).await
    }

    fn place(&self) -> String {
        self.place.display().to_string()
    }

    fn explain(&self, operation: &'static str, error: sqlx::Error) -> Error {
        let (place, options) = (self.place(), self.pool.options());
        let (connections, waited) = (options.connections, options.acquire_timeout);
        match (&error, result_code(&error)) {
            (sqlx::Error::PoolTimedOut, _) => Error::PoolTimeout { place, connections, waited },
            (_, Some(code::BUSY)) => Error::Locked { place, operation },
            (_, Some(code::CONSTRAINT)) => Error::Refused { place, operation, reason: error.to_string() },
            _ => Error::Query { place, operation, source: error.into() },
        }
    }
}

impl Database for Sqlite {
    fn engine(&self) -> &'static str {
        "sqlite"
    }

    fn version(&self) -> Task<'_, String> {
        let work = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(self.pool());
        Box::pin(self.run("asking for the version", work))
    }

    fn migrate(&self) -> Task<'_, ()> {
        Box::pin(migrate(self))
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        Box::pin(self.write("inserting events", events::insert(self.pool(), events)))
    }

    fn count_events(&self) -> Task<'_, u64> {
        Box::pin(self.run("counting events", events::count(self.pool())))
    }

    fn clear_events(&self) -> Task<'_, ()> {
        Box::pin(self.write("clearing events", events::clear(self.pool())))
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        Box::pin(self.run("looking up an event", events::by_id(self.pool(), id, true)))
    }

    fn events_between(&self, range: std::ops::Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        Box::pin(self.run("reading a range of events", events::between(self.pool(), range, limit)))
    }

    fn usage_between(&self, range: std::ops::Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        Box::pin(self.run("adding up usage", events::usage(self.pool(), range)))
    }

    fn acquire(&self) -> Task<'_, Lease> {
        let connection = self.pool().acquire();
        Box::pin(async move { self.run("acquiring a connection", connection).await.map(Lease::new) })
    }

    fn pool_stats(&self) -> PoolStats {
        self.pool.stats()
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(async {
            self.pool().close().await;
            Ok(())
        })
    }
}

impl PreparedStatements for Sqlite {
    fn event_unprepared(&self, id: i64) -> Task<'_, Option<Event>> {
        Box::pin(self.run("looking up an event", events::by_id(self.pool(), id, false)))
    }
}

fn result_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn unopened(file: &Path, error: &sqlx::Error) -> Error {
    let remedy = match result_code(error) {
        Some(code::CANTOPEN | code::READONLY) => {
            "create its folder, and make folder and file writable for this user"
        }
        Some(code::NOTADB) => "it is not an SQLite database: name another file, or move this one away",
        Some(code::BUSY) => "end the other process that locks it",
        _ => "check the path and the disk",
    };
    Error::Open { place: file.display().to_string(), reason: error.to_string(), remedy }
}

/// The version that [`SCHEMA`] makes.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE events (
        id            INTEGER PRIMARY KEY,
        thread_id     INTEGER NOT NULL,
        workload      TEXT    NOT NULL,
        model         TEXT    NOT NULL,
        input_tokens  INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        latency_ms    REAL    NOT NULL,
        cost_usd      REAL    NOT NULL,
        payload       TEXT    NOT NULL,
        at_us         INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX events_by_time ON events (at_us);

    CREATE TABLE threads (
        id         INTEGER PRIMARY KEY,
        title      TEXT    NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE messages (
        id         INTEGER PRIMARY KEY,
        thread_id  INTEGER NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        role       TEXT    NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
        content    TEXT    NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX messages_by_thread ON messages (thread_id, id);

    CREATE TABLE settings (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL CHECK (json_valid(value))
    ) STRICT, WITHOUT ROWID;
";

/// Creates the schema in an empty database, and leaves one of this version as it is.
async fn migrate(database: &Sqlite) -> Result<(), Error> {
    let found =
        database.write("migrating", async { create(&mut *database.pool().acquire().await?).await }).await?;
    let unusable = |reason| Err(Error::Schema { place: database.place(), reason });
    match found {
        Found::Empty | Found::Version(VERSION) => Ok(()),
        Found::Version(version) => {
            unusable(format!("it is version {version}, and this program knows {VERSION}"))
        }
        Found::Foreign => unusable("it contains tables that this program did not make".to_owned()),
    }
}

/// What was in the database before.
enum Found {
    Empty,
    Version(i64),
    Foreign,
}

async fn create(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = look(&mut transaction).await?;
    if matches!(found, Found::Empty) {
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
        let stamp = format!("PRAGMA user_version = {VERSION}");
        sqlx::raw_sql(AssertSqlSafe(stamp)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(found)
}

async fn look(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(connection).await?;
    Ok(match (version, tables) {
        (0, 0) => Found::Empty,
        (0, _) => Found::Foreign,
        (version, _) => Found::Version(version),
    })
}
