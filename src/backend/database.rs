//! Database: what an AI-operations platform stores, behind one trait over connection pools.
//!
//! [`Database`] is what every engine can do: take events in bulk, look one up, read a range, add up the usage of
//! each model, and report the state of its pool. [`Conversations`] adds the records that an application changes
//! (threads, messages, settings), for engines with transactions. Both can be held as `Arc<dyn …>`.
//!
//! [`Sqlite`] is the embedded engine: a file in WAL mode, so that reads continue beside a write. [`Postgres`] is a server
//! reached by URL, with a replica for reads where there is one. [`ClickHouse`] is a server for analytics or a cluster
//! of them, without transactions and unique keys.
//!
//! What an engine promises is tested in `tests/database_contract.rs`, once for all engines.
//!
//! ```
//! use backend_bench::backend::database::{Corpus, Database, PoolOptions, Sqlite, corpus};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let database = Sqlite::open(&folder.path().join("events.db"), PoolOptions::default()).await?;
//! database.migrate().await?;
//!
//! let events: Vec<_> = Corpus::new(7).take(1_000).collect();
//! database.insert_events(&events).await?;
//! assert_eq!(database.count_events().await?, 1_000);
//! assert_eq!(database.event(42).await?.as_ref(), Some(&events[41]));
//!
//! let usage = database.usage_between(corpus::window(0, 500)).await?;
//! assert_eq!(usage.iter().map(|model| model.events).sum::<i64>(), 500);
//! # Ok(())
//! # }
//! ```

mod clickhouse;
pub mod corpus;
mod error;
mod model;
mod pool;
pub mod postgres;
mod sqlite;

use std::collections::BTreeMap;
use std::ops::Range;

use futures_util::future::BoxFuture;

pub use clickhouse::ClickHouse;
pub(crate) use clickhouse::OLDEST_MAJOR as CLICKHOUSE_OLDEST_MAJOR;
pub use corpus::Corpus;
pub use error::Error;
pub(crate) use model::now_us;
pub use model::{Event, Message, ModelUsage, Role, Thread};
pub use pool::{Lease, PoolOptions, PoolStats};
pub use postgres::Postgres;
pub use sqlite::Sqlite;

/// What every operation returns: a future of its result, boxed so that engines can be exchanged at run time.
pub type Task<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Setting names and their values, each a JSON text.
pub type Settings = BTreeMap<String, String>;

/// A pool of connections to one engine, and the events it stores.
///
/// Times are microseconds since the Unix epoch; ranges hold their start and not their end.
///
/// # Errors
/// Every operation may fail with [`Error::PoolTimeout`] where no connection becomes free in time,
/// [`Error::Timeout`] where it takes longer than [`PoolOptions::query_timeout`], [`Error::Locked`] where another
/// process holds the database, and [`Error::Query`] for whatever else the engine reports. Servers also fail with
/// [`Error::Lost`] where the connection breaks, [`Error::Denied`] where the user lacks a right, and [`Error::Full`].
pub trait Database: Send + Sync {
    /// The engine's name, as benchmark ids have it (`sqlite`).
    fn engine(&self) -> &'static str;

    /// The engine's version, asked of the engine itself.
    fn version(&self) -> Task<'_, String>;

    /// Creates the schema where it is not there yet; safe to call each time a program starts.
    ///
    /// # Errors
    /// [`Error::Schema`] where the database was made by a newer version, or holds tables of the same name that
    /// are not ours.
    fn migrate(&self) -> Task<'_, ()>;

    /// Stores `events`, all or none of them.
    ///
    /// # Errors
    /// [`Error::Refused`] where an id is taken, by engines with unique keys. [`ClickHouse`] has none and stores both.
    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()>;

    /// How many events are stored.
    fn count_events(&self) -> Task<'_, u64>;

    /// Removes every event.
    fn clear_events(&self) -> Task<'_, ()>;

    /// The event with this id.
    fn event(&self, id: i64) -> Task<'_, Option<Event>>;

    /// The first `limit` events in `range`, in the order of time.
    fn events_between(&self, range: Range<i64>, limit: u32) -> Task<'_, Vec<Event>>;

    /// What each model did in `range`, by name.
    fn usage_between(&self, range: Range<i64>) -> Task<'_, Vec<ModelUsage>>;

    /// Takes a connection and holds it until the lease is dropped: for measuring the pool itself.
    fn acquire(&self) -> Task<'_, Lease>;

    /// The state of the pool and what it did so far.
    fn pool_stats(&self) -> PoolStats;

    /// Closes every connection; operations fail from then on.
    fn close(&self) -> Task<'_, ()>;
}

/// The records that an application keeps beside its events.
pub trait Conversations: Database {
    /// Starts a thread.
    fn create_thread<'a>(&'a self, title: &'a str) -> Task<'a, Thread>;

    /// The thread with this id.
    fn thread(&self, id: i64) -> Task<'_, Option<Thread>>;

    /// The latest `limit` threads, newest first.
    fn threads(&self, limit: u32) -> Task<'_, Vec<Thread>>;

    /// Adds a message to a thread.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no such thread.
    fn add_message<'a>(&'a self, thread: i64, role: Role, content: &'a str) -> Task<'a, Message>;

    /// The latest `limit` messages of a thread, oldest first.
    fn messages(&self, thread: i64, limit: u32) -> Task<'_, Vec<Message>>;

    /// Every setting.
    fn settings(&self) -> Task<'_, Settings>;

    /// Sets these settings, all or none of them, and leaves others as they are.
    ///
    /// # Errors
    /// [`Error::Refused`] where a value is no JSON.
    fn put_settings<'a>(&'a self, settings: &'a Settings) -> Task<'a, ()>;
}

/// Engines that keep a statement parsed and planned for its next use, as every operation of [`Database`] does.
pub trait PreparedStatements: Database {
    /// [`Database::event`] with a statement that is parsed and planned anew.
    fn event_unprepared(&self, id: i64) -> Task<'_, Option<Event>>;
}
