//! PostgreSQL by sqlx: a pool of connections, with the tables in a schema of their own.
//!
//! - The schema carries a marker with its version. A schema without it is never touched, and
//!   [`Postgres::remove_schema`] drops only what [`Database::migrate`] made.
//! - A deadline ends the operation on the server too (`statement_timeout`).
//! - sqlx's pool replaces connections that broke while they were idle. An operation whose connection breaks is an
//!   error, and is not repeated.
//! - No error and no debug output shows the URL, since it contains the password.
//!
//! Connections keep state (the search path, prepared statements): a pooler in between has to pool sessions.

mod address;
mod conversations;
mod events;
mod failure;
mod schema;
mod server;

use std::ops::Range;

use super::pool::{Lease, PoolOptions, PoolStats};
use super::{Database, Error, Event, ModelUsage, PreparedStatements, Task};
use address::Address;
pub(crate) use server::NEWEST_KNOWN;
use server::PostgresPool;
pub use server::{OLDEST, ServerMetadata, survey};

/// Connections to one PostgreSQL database, and to a replica of it if there is one.
pub struct Postgres {
    primary: PostgresPool,
    replica: Option<PostgresPool>,
    schema: String,
}

impl std::fmt::Debug for Postgres {
    /// Without the URLs, since they contain the passwords.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let replica = self.replica.as_ref().map(PostgresPool::place);
        let mut shown = formatter.debug_struct("Postgres");
        shown.field("primary", &self.primary.place()).field("replica", &replica);
        shown.field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects to the database at `url` (`postgres://user:password@host:port/database`), to use the schema of that
    /// name. Call [`Database::migrate`] next, which makes the schema.
    ///
    /// # Errors
    /// [`Error::Open`] if the URL is wrong, if the server does not answer within [`PoolOptions::acquire_timeout`],
    /// rejects the user, or is older than [`OLDEST`]; and if `schema` is not made of lower-case letters, digits and
    /// underscores.
    pub async fn open(url: &str, schema: &str, options: PoolOptions) -> Result<Self, Error> {
        let primary = PostgresPool::open(Address::parse(url)?, schema, options).await?;
        Ok(Self { primary, replica: None, schema: schema.to_owned() })
    }

    /// [`Postgres::open`], with a second URL for reading events ([`Database::event`],
    /// [`Database::events_between`], [`Database::usage_between`]).
    ///
    /// Everything else goes to `url`: counting, so that a load can be checked at once, and conversations, whose
    /// users want to see what they have just written. A replica may lag behind. Each server has a pool with these
    /// options; [`Database::pool_stats`] returns their sum.
    ///
    /// # Errors
    /// Those of [`Postgres::open`], for either URL; and [`Error::Open`] if the second server is not a physical copy of
    /// the first.
    pub async fn open_with_replica(
        url: &str,
        read_url: &str,
        schema: &str,
        options: PoolOptions,
    ) -> Result<Self, Error> {
        let (url, read_url) = (Address::parse(url)?, Address::parse(read_url)?);
        let primary = PostgresPool::open(url, schema, options.clone()).await?;
        let replica = PostgresPool::open(read_url, schema, options).await?;
        server::same_cluster(&primary, &replica).await?;
        Ok(Self { primary, replica: Some(replica), schema: schema.to_owned() })
    }

    /// The name of the schema that holds the tables.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Drops the tables and the schema that [`Database::migrate`] made. A missing schema is not an error.
    ///
    /// # Errors
    /// [`Error::Schema`] if the schema does not carry our marker, or contains an object that we did not make: all of
    /// it stays.
    #[must_use]
    pub fn remove_schema(&self) -> Task<'_, ()> {
        Box::pin(schema::remove(&self.primary, &self.schema))
    }

    /// Where events are read.
    fn reader(&self) -> &PostgresPool {
        self.replica.as_ref().unwrap_or(&self.primary)
    }
}

impl Database for Postgres {
    fn engine(&self) -> &'static str {
        "postgres"
    }

    fn version(&self) -> Task<'_, String> {
        let work = sqlx::query_scalar("SHOW server_version").fetch_one(self.primary.pool());
        Box::pin(self.primary.read("asking for the version", work))
    }

    fn migrate(&self) -> Task<'_, ()> {
        Box::pin(schema::migrate(&self.primary, &self.schema))
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        Box::pin(self.primary.write("inserting events", events::insert(self.primary.pool(), events)))
    }

    fn count_events(&self) -> Task<'_, u64> {
        Box::pin(self.primary.read("counting events", events::count(self.primary.pool())))
    }

    fn clear_events(&self) -> Task<'_, ()> {
        Box::pin(self.primary.write("clearing events", events::clear(self.primary.pool())))
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        let reader = self.reader();
        Box::pin(reader.read("looking up an event", events::by_id(reader.pool(), id, true)))
    }

    fn events_between(&self, range: Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        let reader = self.reader();
        Box::pin(reader.read("reading a range of events", events::between(reader.pool(), range, limit)))
    }

    fn usage_between(&self, range: Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        let reader = self.reader();
        Box::pin(reader.read("adding up usage", events::usage(reader.pool(), range)))
    }

    fn acquire(&self) -> Task<'_, Lease> {
        let work = self.primary.pool().acquire();
        Box::pin(async move { self.primary.read("acquiring a connection", work).await.map(Lease::new) })
    }

    fn pool_stats(&self) -> PoolStats {
        let primary = self.primary.stats();
        self.replica.as_ref().map_or(primary, |replica| primary.and(&replica.stats()))
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(async {
            self.primary.pool().close().await;
            if let Some(replica) = &self.replica {
                replica.pool().close().await;
            }
            Ok(())
        })
    }
}

impl PreparedStatements for Postgres {
    fn event_unprepared(&self, id: i64) -> Task<'_, Option<Event>> {
        let reader = self.reader();
        Box::pin(reader.read("looking up an event", events::by_id(reader.pool(), id, false)))
    }
}
