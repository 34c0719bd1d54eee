//! SQLite: one file in WAL mode, a pool of connections with a thread each.
//!
//! Readers never wait for a writer. Writers wait for each other in the order in which they came: a queue inside
//! the process, because SQLite's own way to wait for its lock is to poll it.

mod conversations;
mod events;
mod schema;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::pool::{Acquisitions, Lease, PoolOptions, PoolStats};
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
    pool: SqlitePool,
    place: PathBuf,
    options: PoolOptions,
    acquisitions: Arc<Acquisitions>,
    writer: Mutex<()>,
}

impl Sqlite {
    /// Opens `file`, and creates it where it is missing. Call [`Database::migrate`] next.
    ///
    /// Commits are safe against a crash of the process; the last ones may be lost with the machine's power
    /// (`synchronous = NORMAL`).
    ///
    /// # Errors
    /// [`Error::Open`] where the folder is missing or cannot be written to, or the file is no SQLite database.
    pub async fn open(file: &Path, options: PoolOptions) -> Result<Self, Error> {
        let acquisitions = Arc::new(Acquisitions::default());
        let pool = pool(&options, &acquisitions)
            .connect_with(connection(file, &options))
            .await
            .map_err(|error| refused_to_open(file, &error))?;
        Ok(Self { pool, place: file.to_owned(), options, acquisitions, writer: Mutex::new(()) })
    }

    /// Runs `work` within the deadline, and explains its error.
    async fn run<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let limit = self.options.query_timeout;
        let done = timeout(limit, work).await;
        let late = |_| Error::Timeout { place: self.place(), operation, limit };
        done.map_err(late)?.map_err(|error| self.explain(operation, error))
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
        let place = self.place();
        match (&error, result_code(&error)) {
            (sqlx::Error::PoolTimedOut, _) => Error::PoolTimeout {
                place,
                connections: self.options.connections,
                waited: self.options.acquire_timeout,
            },
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
        let work = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&self.pool);
        Box::pin(self.run("asking for the version", work))
    }

    fn migrate(&self) -> Task<'_, ()> {
        Box::pin(schema::migrate(self))
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        Box::pin(self.write("inserting events", events::insert(&self.pool, events)))
    }

    fn count_events(&self) -> Task<'_, u64> {
        Box::pin(self.run("counting events", events::count(&self.pool)))
    }

    fn clear_events(&self) -> Task<'_, ()> {
        Box::pin(self.write("clearing events", events::clear(&self.pool)))
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        Box::pin(self.run("looking up an event", events::by_id(&self.pool, id, true)))
    }

    fn events_between(&self, range: std::ops::Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        Box::pin(self.run("reading a range of events", events::between(&self.pool, range, limit)))
    }

    fn usage_between(&self, range: std::ops::Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        Box::pin(self.run("adding up usage", events::usage(&self.pool, range)))
    }

    fn acquire(&self) -> Task<'_, Lease> {
        let connection = self.pool.acquire();
        Box::pin(async move { self.run("acquiring a connection", connection).await.map(Lease::new) })
    }

    fn pool_stats(&self) -> PoolStats {
        PoolStats {
            size: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
            max: self.options.connections,
            opened: self.acquisitions.opened(),
            reused: self.acquisitions.reused(),
        }
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(async {
            self.pool.close().await;
            Ok(())
        })
    }
}

impl PreparedStatements for Sqlite {
    fn event_unprepared(&self, id: i64) -> Task<'_, Option<Event>> {
        Box::pin(self.run("looking up an event", events::by_id(&self.pool, id, false)))
    }
}

fn connection(file: &Path, options: &PoolOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.lock_timeout)
}

/// Without the ping before each use: a file does not hang up. Its hook is still called, and tells reuse apart.
fn pool(options: &PoolOptions, acquisitions: &Arc<Acquisitions>) -> SqlitePoolOptions {
    let (opened, reused) = (Arc::clone(acquisitions), Arc::clone(acquisitions));
    SqlitePoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .after_connect(move |_, _| {
            opened.note_opened();
            Box::pin(async { Ok(()) })
        })
        .before_acquire(move |_, _| {
            reused.note_reused();
            Box::pin(async { Ok(true) })
        })
}

fn result_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn refused_to_open(file: &Path, error: &sqlx::Error) -> Error {
    let remedy = match result_code(error) {
        Some(code::CANTOPEN | code::READONLY) => {
            "create its folder, and make folder and file writable for this user"
        }
        Some(code::NOTADB) => "it is no SQLite database: name another file, or move this one away",
        Some(code::BUSY) => "end the other process that holds it",
        _ => "check the path and the disk",
    };
    Error::Open { place: file.display().to_string(), reason: error.to_string(), remedy }
}
