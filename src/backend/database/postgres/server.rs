//! One server: its pool with the deadlines and errors of operations, and what the server is.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::time::timeout;

use super::address::Address;
use super::failure::{self, Effect};
use crate::backend::database::Error;
use crate::backend::database::pool::{PoolOptions, PoolStats, SqlxPool};

/// The oldest major version that is used. Older ones have had no corrections since 2023, and are not tested.
pub const OLDEST: u32 = 12;

/// The newest major version that the tests have seen. A newer one is used all the same.
pub(crate) const NEWEST_KNOWN: u32 = 18;

/// How long [`survey`] waits for the server.
const SURVEY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much longer than the server's `statement_timeout` the client waits: then the server's answer tells whether the
/// operation had an effect.
const GRACE: Duration = Duration::from_secs(1);

/// One server and the pool of connections to it.
pub(super) struct PostgresPool {
    pool: SqlxPool<sqlx::Postgres>,
    place: String,
}

impl PostgresPool {
    /// Checks the server by a connection of its own: the pool keeps trying a server that refuses connections, and
    /// would not tell why.
    pub async fn open(address: Address, schema: &str, options: PoolOptions) -> Result<Self, Error> {
        check_name(schema, &address.place)?;
        check(&address, options.acquire_timeout).await?;
        let Address { options: connect, place } = address;
        let connected = SqlxPool::connect(with_settings(connect, schema, &options), options).await;
        let pool = connected.map_err(|error| failure::unopened(place.clone(), &error))?;
        Ok(Self { pool, place })
    }

    pub fn pool(&self) -> &PgPool {
        self.pool.pool()
    }

    pub fn stats(&self) -> PoolStats {
        self.pool.stats()
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    /// Does `work`, which changes nothing, within the deadline.
    pub async fn read<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let limit = self.pool.options().query_timeout;
        let done = self.pool.in_time(GRACE, work).await;
        let late = |_| Error::Timeout { place: self.place.clone(), operation, limit };
        done.map_err(late)?.map_err(|error| self.explain(operation, error, Effect::None))
    }

    /// Does `work` within the deadline. If its connection breaks, or the server stops answering, its effect is not
    /// known.
    pub async fn write<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let done = self.pool.in_time(GRACE, work).await;
        let late = |_| self.lost(operation, "the server stopped answering", Effect::Unknown);
        done.map_err(late)?.map_err(|error| self.explain(operation, error, Effect::Unknown))
    }

    fn explain(&self, operation: &'static str, error: sqlx::Error, effect: Effect) -> Error {
        let (place, options) = (self.place.clone(), self.pool.options());
        let (connections, waited) = (options.connections, options.acquire_timeout);
        match error {
            // sqlx's pool reports a server that refuses connections like one whose connections are all in use.
            sqlx::Error::PoolTimedOut if self.stats().size < connections => {
                self.lost(operation, &format!("no connection could be made within {waited:?}"), Effect::None)
            }
            sqlx::Error::PoolTimedOut => Error::PoolTimeout { place, connections, waited },
            error => failure::explain(place, operation, options.query_timeout, error, effect),
        }
    }

    fn lost(&self, operation: &'static str, reason: &str, effect: Effect) -> Error {
        let (place, reason) = (self.place.clone(), reason.to_owned());
        Error::Lost { place, operation, reason, remedy: effect.remedy() }
    }
}

fn check_name(schema: &str, place: &str) -> Result<(), Error> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let begins = schema.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins && schema.len() <= 63 && schema.chars().all(fits) && !schema.starts_with("pg_") {
        return Ok(());
    }
    Err(Error::Open {
        place: place.to_owned(),
        reason: format!("{schema:?} cannot name a schema of ours"),
        remedy: "use up to 63 lower-case letters, digits and underscores, a letter first, and not pg_",
    })
}

/// The settings are part of each connection's start-up message, so they cost no statement.
fn with_settings(connect: PgConnectOptions, schema: &str, options: &PoolOptions) -> PgConnectOptions {
    let milliseconds = |time: Duration| time.as_millis().clamp(1, 2_000_000_000).to_string();
    // By which other processes see that the schema is in use.
    connect.application_name(&format!("backend-bench {schema}")).options([
        ("search_path", format!("\"{schema}\"")),
        ("statement_timeout", milliseconds(options.query_timeout)),
        ("lock_timeout", milliseconds(options.lock_timeout)),
    ])
}

/// What a server reports of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMetadata {
    /// As it writes its version: `15.4 (Debian 15.4-1)`.
    pub version: String,
    /// The major version.
    pub major: u32,
    /// Host, port and database.
    pub place: String,
    /// Settings with their values: `fsync on`.
    pub settings: Vec<String>,
}

/// Asks the server at `url` what it is.
///
/// # Errors
/// [`Error::Open`] as for [`super::Postgres::open`], after 10 seconds at the latest.
pub async fn survey(url: &str) -> Result<ServerMetadata, Error> {
    /// Settings that decide how fast a server writes, and how safely.
    const SETTINGS: &str = "SELECT name || ' ' || current_setting(name) FROM unnest(ARRAY['fsync', \
                            'synchronous_commit', 'full_page_writes', 'wal_level', 'shared_buffers']) name UNION ALL \
                            SELECT 'TLS (' || version || ')' FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    let address = Address::parse(url)?;
    let asked = connected(&address, SURVEY_TIMEOUT, async |connection, major| {
        let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut *connection).await?;
        let settings = sqlx::query_scalar(SETTINGS).fetch_all(connection).await?;
        Ok(ServerMetadata { version, major, place: address.place.clone(), settings })
    });
    asked.await
}

/// Whether the server at `address` can be used.
async fn check(address: &Address, limit: Duration) -> Result<(), Error> {
    connected(address, limit, async |_, _| Ok(())).await
}

/// Does `work` on a connection of its own to a server that can be used, given its major version.
async fn connected<T>(
    address: &Address,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection, u32) -> Result<T, sqlx::Error>,
) -> Result<T, Error> {
    let done = timeout(limit, async {
        let mut connection = address.options.connect().await?;
        let number: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut connection).await?;
        let major = accept(&number).map_err(|old| sqlx::Error::Configuration(old.into()))?;
        let found = work(&mut connection, major).await?;
        connection.close().await.map(|()| found)
    });
    done.await.map_err(|_| unanswered(address, limit))?.map_err(|error| explain(address, &error))
}

/// A server whose version is too old.
#[derive(Debug, thiserror::Error)]
#[error("it is PostgreSQL {found}, and {OLDEST} is the oldest that is used")]
struct TooOld {
    found: String,
}

/// The major version in a number like `150004`.
fn accept(number: &str) -> Result<u32, TooOld> {
    let major = number.parse::<u32>().unwrap_or_default() / 10_000;
    if major < OLDEST { Err(TooOld { found: format!("{major} ({number})") }) } else { Ok(major) }
}

fn unanswered(address: &Address, limit: Duration) -> Error {
    Error::Open {
        place: address.place.clone(),
        reason: format!("it did not answer within {limit:?}"),
        remedy: "correct host and port in the URL, or check the network and its firewalls",
    }
}

fn explain(address: &Address, error: &sqlx::Error) -> Error {
    let place = address.place.clone();
    match error {
        sqlx::Error::Configuration(inner) if inner.is::<TooOld>() => {
            Error::Open { place, reason: inner.to_string(), remedy: "name a newer server in the URL" }
        }
        _ => failure::unopened(place, error),
    }
}

/// Fails if `replica` is not a physical copy of `primary`: such copies share the cluster's identifier.
pub(super) async fn same_cluster(primary: &PostgresPool, replica: &PostgresPool) -> Result<(), Error> {
    let (first, second) = (identifier(primary).await?, identifier(replica).await?);
    if first == second {
        return Ok(());
    }
    Err(Error::Open {
        place: replica.place().to_owned(),
        reason: format!(
            "it is not a replica of {}: the clusters have different identifiers",
            primary.place()
        ),
        remedy: "name a streaming replica of the first URL's server",
    })
}

async fn identifier(server: &PostgresPool) -> Result<(i64, String), Error> {
    const ASK: &str = "SELECT system_identifier, current_database()::text FROM pg_control_system()";
    server.read("identifying the cluster", sqlx::query_as(ASK).fetch_one(server.pool())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_refused_by_age_only() {
        let majors = ["120022", "150018", "990000"].map(|number| accept(number).unwrap());
        assert_eq!(majors, [12, 15, 99]);
        for old in ["110022", "90624", "", "garbage"] {
            let error = accept(old).unwrap_err().to_string();
            assert!(error.contains("12 is the oldest") && error.contains(old), "{error}");
        }
    }
}
