//! PostgreSQL: a server reached over a pool of connections, with the tables in a schema of their own.
//!
//! - The schema carries a marker with its version. One that exists without it is never touched, and
//!   [`Postgres::remove_schema`] drops only what [`Database::migrate`] made.
//! - Events are stored by binary COPY, a few by INSERT: one statement, so all of them or none.
//! - A deadline ends the operation on the server too (`statement_timeout`).
//! - What only reads, or can be done twice, is done again where the connection breaks. A write whose outcome is not
//!   known is an error, and never repeated.
//! - No error and no debug output shows the URL, since that holds the password.
//!
//! Connections keep state (the search path, prepared statements): a pooler between must work by sessions.

mod address;
mod connections;
mod conversations;
mod copy;
mod events;
mod failure;
mod few;
mod schema;
mod server;
mod side;

use std::ops::Range;

use super::pool::{Lease, PoolOptions, PoolStats};
use super::{Database, Error, Event, ModelUsage, PreparedStatements, Task};
use address::Address;
pub use server::{NEWEST_KNOWN, OLDEST, ServerFacts, survey};
use side::Side;

/// Connections to one PostgreSQL database, and to a replica of it where there is one.
pub struct Postgres {
    primary: Side,
    replica: Option<Side>,
    schema: String,
}

impl std::fmt::Debug for Postgres {
    /// Without the URLs, since they have the passwords.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let replica = self.replica.as_ref().map(Side::place);
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
    /// [`Error::Open`] where the URL is wrong, the server does not answer within [`PoolOptions::acquire_timeout`],
    /// turns the user away, or is older than [`OLDEST`]; and where `schema` is not made of lower-case letters,
    /// digits and underscores.
    pub async fn open(url: &str, schema: &str, options: PoolOptions) -> Result<Self, Error> {
        let primary = Side::open(Address::parse(url)?, schema, options).await?;
        Ok(Self { primary, replica: None, schema: schema.to_owned() })
    }

    /// [`Postgres::open`], with a second URL that events are read from ([`Database::event`],
    /// [`Database::events_between`], [`Database::usage_between`]).
    ///
    /// Everything else is asked of `url`: counting, so that a load can be checked at once, and conversations, whose
    /// users want to see what they have just written. A replica may lag behind. Each server has a pool with these
    /// options; [`Database::pool_stats`] adds the two up.
    ///
    /// # Errors
    /// Those of [`Postgres::open`], for either URL; and [`Error::Open`] where the second is no physical copy of the
    /// first, as far as the servers tell.
    pub async fn open_with_replica(
        url: &str,
        read_url: &str,
        schema: &str,
        options: PoolOptions,
    ) -> Result<Self, Error> {
        let (url, read_url) = (Address::parse(url)?, Address::parse(read_url)?);
        let primary = Side::open(url, schema, options.clone()).await?;
        let replica = Side::open(read_url, schema, options).await?;
        server::same_cluster(&primary, &replica).await?;
        Ok(Self { primary, replica: Some(replica), schema: schema.to_owned() })
    }

    /// The name of the schema that holds the tables.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Drops the tables and the schema that [`Database::migrate`] made. A schema that is not there is no error.
    ///
    /// # Errors
    /// [`Error::Schema`] where the schema does not carry our marker, or holds something that we did not make: all of
    /// it is left as it is.
    #[must_use]
    pub fn remove_schema(&self) -> Task<'_, ()> {
        Box::pin(schema::remove(self))
    }

    /// Where events are read.
    fn reader(&self) -> &Side {
        self.replica.as_ref().unwrap_or(&self.primary)
    }
}

impl Database for Postgres {
    fn engine(&self) -> &'static str {
        "postgres"
    }

    fn version(&self) -> Task<'_, String> {
        Box::pin(self.primary.repeat("asking for the version", || server::version(self.primary.pool())))
    }

    fn migrate(&self) -> Task<'_, ()> {
        Box::pin(schema::migrate(self))
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        Box::pin(events::insert(&self.primary, events))
    }

    fn count_events(&self) -> Task<'_, u64> {
        Box::pin(self.primary.repeat("counting events", || events::count(self.primary.pool())))
    }

    fn clear_events(&self) -> Task<'_, ()> {
        Box::pin(self.primary.repeat("clearing events", || events::clear(self.primary.pool())))
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        let reader = self.reader();
        Box::pin(reader.repeat("looking up an event", move || events::by_id(reader.pool(), id, true)))
    }

    fn events_between(&self, range: Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        let reader = self.reader();
        let work = move || events::between(reader.pool(), range.clone(), limit);
        Box::pin(reader.repeat("reading a range of events", work))
    }

    fn usage_between(&self, range: Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        let reader = self.reader();
        Box::pin(reader.repeat("adding up usage", move || events::usage(reader.pool(), range.clone())))
    }

    fn acquire(&self) -> Task<'_, Lease> {
        let work = || self.primary.pool().acquire();
        let acquired = self.primary.repeat("acquiring a connection", work);
        Box::pin(async move { acquired.await.map(|connection| Lease::new(connection.idle())) })
    }

    fn pool_stats(&self) -> PoolStats {
        let primary = self.primary.pool().stats();
        self.replica.as_ref().map_or(primary, |replica| primary.and(&replica.pool().stats()))
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
        Box::pin(reader.repeat("looking up an event", move || events::by_id(reader.pool(), id, false)))
    }
}
