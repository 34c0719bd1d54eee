//! ClickHouse: a server or a cluster, over HTTP by its official client.
//!
//! What is different here from engines with transactions:
//!
//! - **No unique keys.** Ids are the caller's to keep apart; an id that is stored twice is there twice.
//! - **All or nothing is a matter of blocks.** An insert goes to the server as one block, whatever its size, and
//!   becomes one part of the table. On a cluster it is one block for each shard, so that one shard may have its
//!   events where another failed.
//! - **An insert whose connection was lost is not repeated**: it may have been stored. Reads are.
//! - **The answer to an insert does not wait for the disk** (`fsync_after_insert` is off, as it is by default).
//!
//! Servers from 18.16 on work; those before 22.3 with less (no check of column types, no index by time).
//!
//! ```text
//! use backend_bench::backend::database::{ClickHouse, Corpus, Database, PoolOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "http://default:secret@localhost:8123";
//! let database = ClickHouse::open(url, "operations", PoolOptions::default()).await?;
//! database.migrate().await?;
//! database.insert_events(&Corpus::new(7).take(50_000).collect::<Vec<_>>()).await?;
//! assert_eq!(database.count_events().await?, 50_000);
//! database.remove_database().await?;
//! # Ok(())
//! # }
//! ```

mod block;
mod dialect;
mod endpoint;
mod events;
mod fault;
mod names;
mod pool;
mod schema;
mod server;
mod tls;
mod transport;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use futures_util::FutureExt;

use self::endpoint::Endpoint;
use self::names::{EVENTS, Names};
use self::server::{Server, one};
use super::pool::{Lease, PoolOptions, PoolStats};
use super::{Database, Error, Event, ModelUsage, Task};

/// Events in a ClickHouse database of their own.
///
/// A connection of the pool is an HTTP connection that one request at a time uses. It opens when it is first needed,
/// and again after it was idle for some seconds.
pub struct ClickHouse {
    server: Server,
    names: Names,
    /// Whether the database was found to be ours.
    checked: AtomicBool,
}

impl ClickHouse {
    /// Asks the server at `url` (`http://user:password@host:8123`, or `https` with the feature `tls`) for its version and opens a pool. `database` is
    /// made by [`Database::migrate`], which comes next.
    ///
    /// A server's own limit for statements follows [`PoolOptions::query_timeout`], unless the user may not change
    /// settings (`readonly = 1`).
    ///
    /// # Errors
    /// [`Error::Open`] where the URL or the name cannot be used, no server answers or it is older than 18.16, or
    /// user or password are wrong. None of them shows the password.
    pub async fn open(url: &str, database: &str, options: PoolOptions) -> Result<Self, Error> {
        Self::open_anywhere(url, Names::new(database, None)?, options).await
    }

    /// [`ClickHouse::open`] for a database on every node of `cluster` (a name of `system.clusters` of the server at
    /// `url`): the rows are replicated in each shard and read through a distributed table. `docs/databases.md` shows
    /// what the servers' configuration has to have.
    ///
    /// # Errors
    /// Those of [`ClickHouse::open`], and where the server knows no such cluster.
    pub async fn open_on_cluster(
        url: &str,
        database: &str,
        cluster: &str,
        options: PoolOptions,
    ) -> Result<Self, Error> {
        let opened = Self::open_anywhere(url, Names::new(database, Some(cluster))?, options).await?;
        opened.look_for(cluster).await?;
        Ok(opened)
    }

    async fn open_anywhere(url: &str, names: Names, options: PoolOptions) -> Result<Self, Error> {
        let endpoint = Endpoint::parse(url)?;
        let place = format!("{}/{}", endpoint.origin, names.database);
        let server = Server::open(&endpoint, place, options, names.cluster.is_some()).await?;
        Ok(Self { server, names, checked: AtomicBool::new(false) })
    }

    async fn look_for(&self, cluster: &str) -> Result<(), Error> {
        let query = "SELECT count() FROM system.clusters WHERE cluster = ?";
        let nodes = |client: &::clickhouse::Client| one::<u64>(client.query(query).bind(cluster));
        match self.server.read("looking for the cluster", nodes).await? {
            0 => Err(Error::Open {
                place: self.server.place.clone(),
                reason: format!("the server knows no cluster `{cluster}`"),
                remedy: "name one of `system.clusters`, or add it to `remote_servers` of its configuration",
            }),
            _ => Ok(()),
        }
    }

    /// Removes the database with all its events, on every node.
    ///
    /// # Errors
    /// [`Error::Schema`] where this program did not make the database, or something else is in it by now: then it is
    /// left as it is.
    pub async fn remove_database(&self) -> Result<(), Error> {
        schema::remove(self).await
    }

    /// Notes in the marker that `user` is at work with this database. What that means is the caller's matter.
    ///
    /// # Errors
    /// The database is not migrated, or the server takes no writes.
    pub async fn sign(&self, user: &str) -> Result<(), Error> {
        schema::sign(self, user).await
    }

    /// Everybody who ever signed; nobody, where the database is not ours.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn signatures(&self) -> Result<Vec<String>, Error> {
        schema::signatures(self).await
    }

    fn unusable(&self, reason: String) -> Error {
        Error::Schema { place: self.server.place.clone(), reason }
    }

    fn events(&self) -> String {
        self.names.table(EVENTS)
    }

    async fn insert(&self, events: &[Event]) -> Result<(), Error> {
        schema::check(self).await?;
        if events.is_empty() {
            return Ok(());
        }
        let table = self.events();
        let insert = |client: &::clickhouse::Client| {
            block::insert(client.clone(), &table, self.server.dialect, events)
        };
        self.server.write("inserting events", insert).await
    }

    async fn clear(&self) -> Result<(), Error> {
        schema::check(self).await?;
        let statement = self.names.clear_events(self.server.dialect);
        self.server.write("clearing events", |client| client.query_raw(&statement).execute()).await
    }

    /// A read of the table of events, once it is known to be ours.
    async fn ask<T, F>(
        &self,
        operation: &'static str,
        ask: impl Fn(&::clickhouse::Client, &str) -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        F: Future<Output = ::clickhouse::error::Result<T>> + Send,
    {
        schema::check(self).await?;
        let table = self.events();
        self.server.read(operation, |client| ask(client, &table)).await
    }
}

impl fmt::Debug for ClickHouse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ClickHouse");
        shown.field("place", &self.server.place).field("cluster", &self.names.cluster);
        shown.field("dialect", &self.server.dialect).field("pool", &self.server.pool.stats());
        shown.finish_non_exhaustive()
    }
}

impl Database for ClickHouse {
    fn engine(&self) -> &'static str {
        "clickhouse"
    }

    fn version(&self) -> Task<'_, String> {
        let ask = |client: &::clickhouse::Client| one::<String>(client.query_raw("SELECT version()"));
        self.server.read("asking for the version", ask).boxed()
    }

    fn migrate(&self) -> Task<'_, ()> {
        schema::migrate(self).boxed()
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        self.insert(events).boxed()
    }

    fn count_events(&self) -> Task<'_, u64> {
        self.ask("counting events", events::count).boxed()
    }

    fn clear_events(&self) -> Task<'_, ()> {
        self.clear().boxed()
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        self.ask("looking up an event", move |client, table| events::by_id(client, table, id)).boxed()
    }

    fn events_between(&self, range: Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        let read =
            move |client: &::clickhouse::Client, table: &str| events::between(client, table, &range, limit);
        self.ask("reading a range of events", read).boxed()
    }

    fn usage_between(&self, range: Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        self.ask("adding up usage", move |client, table| events::usage(client, table, &range)).boxed()
    }

    fn acquire(&self) -> Task<'_, Lease> {
        async { self.server.hold("acquiring a connection").await.map(Lease::new) }.boxed()
    }

    fn pool_stats(&self) -> PoolStats {
        self.server.pool.stats()
    }

    fn close(&self) -> Task<'_, ()> {
        async {
            self.server.pool.close();
            Ok(())
        }
        .boxed()
    }
}
