//! ClickHouse: a server or a cluster, over HTTP by its official client.
//!
//! What differs from engines with transactions:
//!
//! - **No unique keys.** The caller keeps ids apart; an id that is stored twice is there twice.
//! - **All or nothing is a matter of blocks.** An insert of up to 1,048,449 events (`max_insert_block_size`) is one block
//!   and becomes one part of the table. On a cluster it is one block for each shard, so that one shard may have its
//!   events where another failed.
//! - **An insert whose connection was lost is not repeated**: it may have been stored. Reads are.
//! - **The answer to an insert does not wait for the disk** (`fsync_after_insert` is off, as it is by default).
//!
//! Servers of 23.1 or newer work.
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

mod client;
mod ddl;
mod endpoint;
mod error;
mod schema;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use futures_util::FutureExt;

pub(crate) use self::client::OLDEST_MAJOR;
use self::client::ServerClient;
use self::ddl::{Ddl, EVENTS};
use self::endpoint::Endpoint;
use self::schema::OwnedDatabase;
use super::pool::{Lease, PoolOptions, PoolStats};
use super::{Database, Error, Event, ModelUsage, Task};

/// Events in a ClickHouse database of their own.
///
/// The pool bounds the requests at once. Their HTTP connections open when they are needed, and again after they were
/// idle for some seconds.
pub struct ClickHouse {
    owned: OwnedDatabase,
}

impl ClickHouse {
    /// Asks the server at `url` (`http://user:password@host:8123`, or `https` with the feature `tls`) for its version.
    /// [`Database::migrate`], which comes next, creates `database`.
    ///
    /// A server's own limit for statements follows [`PoolOptions::query_timeout`], unless the user may not change
    /// settings (`readonly = 1`).
    ///
    /// # Errors
    /// [`Error::Open`] where the URL or the name cannot be used, no server answers or it is older than 23.1, or
    /// user or password are wrong. No error shows the password.
    pub async fn open(url: &str, database: &str, options: PoolOptions) -> Result<Self, Error> {
        Self::open_anywhere(url, Ddl::new(database, None)?, options).await
    }

    /// [`ClickHouse::open`] for a database on every node of `cluster` (a name of `system.clusters` of the server at
    /// `url`): the rows are replicated in each shard and read through a distributed table. `docs/databases.md` shows
    /// what the servers' configuration needs.
    ///
    /// # Errors
    /// Those of [`ClickHouse::open`], and where the server knows no such cluster.
    pub async fn open_on_cluster(
        url: &str,
        database: &str,
        cluster: &str,
        options: PoolOptions,
    ) -> Result<Self, Error> {
        let opened = Self::open_anywhere(url, Ddl::new(database, Some(cluster))?, options).await?;
        match opened.nodes(cluster).await? {
            (0, _) => Err(Error::Open {
                place: opened.owned.server.place,
                reason: format!("the server knows no cluster `{cluster}`"),
                remedy: "name one of `system.clusters`, or add it to `remote_servers` of its configuration",
            }),
            _ => Ok(opened),
        }
    }

    /// Every statement that creates, empties and removes `database`, on one server or on a cluster: to be read before they
    /// are run.
    ///
    /// # Errors
    /// [`Error::Open`] where one of the names cannot be used.
    pub fn statements(database: &str, cluster: Option<&str>) -> Result<Vec<String>, Error> {
        let ddl = Ddl::new(database, cluster)?;
        let created = ddl.create_marker().into_iter().chain(ddl.create_events());
        Ok(created.chain([ddl.truncate_events(), ddl.drop_database()]).collect())
    }

    async fn open_anywhere(url: &str, ddl: Ddl, options: PoolOptions) -> Result<Self, Error> {
        let endpoint = Endpoint::parse(url)?;
        let server = ServerClient::open(&endpoint, &ddl.database, options, ddl.cluster.is_some()).await?;
        Ok(Self { owned: OwnedDatabase { server, ddl, checked: AtomicBool::new(false) } })
    }

    /// The name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.owned.ddl.database
    }

    /// Host and port of the server.
    pub(crate) fn host(&self) -> &str {
        let origin = self.owned.server.place.split_once("://").map_or("", |(_, origin)| origin);
        origin.split('/').next().unwrap_or_default()
    }

    /// How many shards and replicas `cluster` has; none, where the server knows no such cluster.
    pub(crate) async fn nodes(&self, cluster: &str) -> Result<(u64, u64), Error> {
        let query = "SELECT uniqExact(shard_num), count() FROM system.clusters WHERE cluster = ?";
        self.owned
            .server
            .one("reading the cluster's nodes", &self.owned.server.query(query).bind(cluster))
            .await
    }

    /// The databases of the server whose names match a regular expression.
    pub(crate) async fn databases(&self, pattern: &str) -> Result<Vec<String>, Error> {
        let query = "SELECT name FROM system.databases WHERE match(name, ?) ORDER BY name";
        self.owned.server.rows("listing databases", &self.owned.server.query(query).bind(pattern)).await
    }

    /// Removes the database with all its events, on every node.
    ///
    /// # Errors
    /// [`Error::Schema`] where this program did not make the database, or something else is in it by now: then it is
    /// left as it is.
    pub async fn remove_database(&self) -> Result<(), Error> {
        schema::remove(&self.owned).await
    }

    /// Records in the marker that `user` uses this database.
    ///
    /// # Errors
    /// The database is not migrated, or the server takes no writes.
    pub async fn sign(&self, user: &str) -> Result<(), Error> {
        schema::sign(&self.owned, user).await
    }

    /// Every user that signed; none, where this program did not make the database.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn signatures(&self) -> Result<Vec<String>, Error> {
        schema::signatures(&self.owned).await
    }

    /// The table of events, once the marker was found.
    async fn events(&self) -> Result<String, Error> {
        schema::check(&self.owned).await?;
        Ok(self.owned.ddl.table(EVENTS))
    }

    async fn usage(&self, range: Range<i64>) -> Result<Vec<ModelUsage>, Error> {
        let query = format!(
            "SELECT toString(model), toInt64(count()), avg(latency_ms), sum(input_tokens + output_tokens), \
             sum(cost_usd) FROM {} WHERE at_us >= ? AND at_us < ? GROUP BY model ORDER BY model",
            self.events().await?
        );
        let query = self.owned.server.query(&query).bind(range.start).bind(range.end);
        let rows = self.owned.server.rows::<(String, i64, f64, i64, f64)>("adding up usage", &query).await?;
        let usage = |(model, events, average_latency_ms, tokens, cost_usd)| ModelUsage {
            model,
            events,
            average_latency_ms,
            tokens,
            cost_usd,
        };
        Ok(rows.into_iter().map(usage).collect())
    }
}

impl fmt::Debug for ClickHouse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ClickHouse");
        shown.field("place", &self.owned.server.place).field("cluster", &self.owned.ddl.cluster);
        shown.field("pool", &self.owned.server.stats());
        shown.finish_non_exhaustive()
    }
}

impl Database for ClickHouse {
    fn engine(&self) -> &'static str {
        "clickhouse"
    }

    fn version(&self) -> Task<'_, String> {
        async {
            self.owned
                .server
                .one("asking for the version", &self.owned.server.query("SELECT version()"))
                .await
        }
        .boxed()
    }

    fn migrate(&self) -> Task<'_, ()> {
        schema::migrate(&self.owned).boxed()
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        async move {
            let table = self.events().await?;
            if events.is_empty() {
                return Ok(());
            }
            self.owned.server.insert("inserting events", &table, events).await
        }
        .boxed()
    }

    fn count_events(&self) -> Task<'_, u64> {
        async {
            let query = format!("SELECT count() FROM {}", self.events().await?);
            self.owned.server.one("counting events", &self.owned.server.query(&query)).await
        }
        .boxed()
    }

    fn clear_events(&self) -> Task<'_, ()> {
        async {
            schema::check(&self.owned).await?;
            self.owned.server.execute("clearing events", &self.owned.ddl.truncate_events()).await
        }
        .boxed()
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        async move {
            let query = format!("SELECT ?fields FROM {} WHERE id = ? LIMIT 1", self.events().await?);
            Ok(self
                .owned
                .server
                .rows("looking up an event", &self.owned.server.query(&query).bind(id))
                .await?
                .pop())
        }
        .boxed()
    }

    fn events_between(&self, range: Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        async move {
            let range_of = "WHERE at_us >= ? AND at_us < ? ORDER BY at_us, id LIMIT ?";
            let query = format!("SELECT ?fields FROM {} {range_of}", self.events().await?);
            let query = self.owned.server.query(&query).bind(range.start).bind(range.end).bind(limit);
            self.owned.server.rows("reading a range of events", &query).await
        }
        .boxed()
    }

    fn usage_between(&self, range: Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        self.usage(range).boxed()
    }

    fn acquire(&self) -> Task<'_, Lease> {
        async { self.owned.server.acquire("acquiring a connection").await.map(Lease::new) }.boxed()
    }

    fn pool_stats(&self) -> PoolStats {
        self.owned.server.stats()
    }

    fn close(&self) -> Task<'_, ()> {
        self.owned.server.close();
        std::future::ready(Ok(())).boxed()
    }
}
