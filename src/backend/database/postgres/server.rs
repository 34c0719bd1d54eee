//! The server itself: whether it answers, how old it is, and what its numbers depend on.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;

use super::address::Address;
use super::connections::Connections;
use super::failure;
use super::side::Side;
use crate::backend::database::Error;

/// The oldest major version that is used. Older ones have had no corrections since 2023, and nothing here is tested
/// with them.
pub const OLDEST: u32 = 12;

/// The newest major version that the tests have seen. A newer one is used all the same.
pub const NEWEST_KNOWN: u32 = 18;

/// How long [`survey`] waits for the server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings that decide how fast a server writes, and what it risks for it.
const TOLD: [&str; 5] = ["fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers"];

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
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
pub async fn survey(url: &str) -> Result<ServerFacts, Error> {
    let address = Address::parse(url)?;
    let asked = timeout(PATIENCE, ask(&address)).await;
    asked.map_err(|_| unanswered(&address, PATIENCE))?.map_err(|error| explain(&address, &error))
}

async fn ask(address: &Address) -> Result<ServerFacts, sqlx::Error> {
    let mut connection = address.options.connect().await?;
    let major = usable(&mut connection).await?;
    let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
    let mut settings = Vec::with_capacity(TOLD.len());
    for name in TOLD {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut connection).await?;
        settings.push(format!("{name} {value}"));
    }
    settings.extend(encryption(&mut connection).await?);
    connection.close().await?;
    Ok(ServerFacts { version, major, place: address.place.clone(), settings })
}

/// What it costs is in every number.
async fn encryption(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    const ASK: &str =
        "SELECT 'TLS (' || version || ')' FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    sqlx::query_scalar(ASK).fetch_optional(connection).await
}

/// Whether the server at `address` can be used.
pub(super) async fn check(address: &Address, patience: Duration) -> Result<(), Error> {
    let asked = timeout(patience, async {
        let mut connection = address.options.connect().await?;
        usable(&mut connection).await?;
        connection.close().await
    });
    asked.await.map_err(|_| unanswered(address, patience))?.map_err(|error| explain(address, &error))
}

/// A server whose version is too old.
#[derive(Debug, thiserror::Error)]
#[error("it is PostgreSQL {found}, and {OLDEST} is the oldest that is used")]
struct TooOld {
    found: String,
}

/// The major version.
async fn usable(connection: &mut PgConnection) -> Result<u32, sqlx::Error> {
    let number: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(connection).await?;
    accept(&number).map_err(|old| sqlx::Error::Configuration(old.into()))
}

/// The major version in a number like `150004`.
fn accept(number: &str) -> Result<u32, TooOld> {
    let major = number.parse::<u32>().unwrap_or_default() / 10_000;
    if major < OLDEST { Err(TooOld { found: format!("{major} ({number})") }) } else { Ok(major) }
}

fn unanswered(address: &Address, patience: Duration) -> Error {
    Error::Open {
        place: address.place.clone(),
        reason: format!("it did not answer within {patience:?}"),
        remedy: "correct host and port in the URL, or the network and firewalls between",
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

/// Fails where `replica` is not a physical copy of `primary`: such copies share the cluster's identifier.
pub(super) async fn same_cluster(primary: &Side, replica: &Side) -> Result<(), Error> {
    let (ours, theirs) = (identifier(primary).await?, identifier(replica).await?);
    if ours == theirs {
        return Ok(());
    }
    Err(Error::Open {
        place: replica.place().to_owned(),
        reason: format!(
            "it is no replica of {}: the two clusters have different identifiers",
            primary.place()
        ),
        remedy: "name a streaming replica of the first URL's server",
    })
}

async fn identifier(side: &Side) -> Result<(i64, String), Error> {
    const ASK: &str = "SELECT system_identifier, current_database()::text FROM pg_control_system()";
    let ask = async || {
        let mut connection = side.pool().acquire().await?;
        let found = sqlx::query_as(ASK).fetch_one(&mut *connection).await;
        connection.settle(found)
    };
    side.repeat("identifying the cluster", ask).await
}

/// The version, as the server writes it.
pub(super) async fn version(pool: &Connections) -> Result<String, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let found = sqlx::query_scalar("SHOW server_version").fetch_one(&mut *connection).await;
    connection.settle(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_refused_by_age_only() {
        assert_eq!(
            (accept("120022").unwrap(), accept("150018").unwrap(), accept("990000").unwrap()),
            (12, 15, 99)
        );
        for old in ["110022", "90624", "", "garbage"] {
            let error = accept(old).unwrap_err().to_string();
            assert!(error.contains("12 is the oldest") && error.contains(old), "{error}");
        }
    }
}
