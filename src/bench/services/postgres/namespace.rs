//! A bench's schemas on a server: each with a name that nobody else has, and claimed for as long as the bench lives.
//!
//! A bench that is killed leaves its schemas behind. So it holds an advisory lock on the number in the name of each,
//! from before the schema is made, by a connection of its own; however that connection ends, the server frees the
//! lock. The next bench removes the schemas of such names that have our marker, whose lock is free, and that no
//! connection of a pool is at work in.

use sqlx::{Connection, PgConnection};

use super::VARIABLE;
use crate::backend::database::{PoolOptions, Postgres};
use crate::bench::services::{apart, namespace_name, namespace_number};

/// The schemas that are nobody's as far as tables tell.
const LEFT: &str = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^backend_bench_[0-9a-f]{16}$' \
                    AND obj_description(oid, 'pg_namespace') LIKE 'made by backend-bench, version %' \
                    AND NOT EXISTS (SELECT FROM pg_stat_activity \
                                    WHERE application_name = 'backend-bench ' || nspname) ORDER BY nspname";

/// A claimed name. It is free when this is dropped.
pub struct Namespace {
    name: String,
    #[expect(dead_code, reason = "holds the lock")]
    connection: PgConnection,
}

impl Namespace {
    /// Claims a new name on the server at `url`.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn claim(url: &str) -> Result<Self, sqlx::Error> {
        let name = namespace_name();
        let mut connection = PgConnection::connect(url).await?;
        // Servers before 14 do not know it, and end no session for being idle.
        sqlx::query("SET idle_session_timeout = 0").execute(&mut connection).await.ok();
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(namespace_number(&name));
        lock.execute(&mut connection).await?;
        Ok(Self { name, connection })
    }

    /// The schema's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Removes what benches that were killed have left on the server at `url`, which people call `place`, and says so. What cannot be removed is
/// told, and stays.
pub(super) fn remove_abandoned(url: &str, place: &str) {
    let told = apart(remove_all(url, place)).unwrap_or_else(|error| vec![error.to_string()]);
    for line in told {
        eprintln!("{VARIABLE}: {line}");
    }
}

async fn remove_all(url: &str, place: &str) -> Vec<String> {
    match try_all(url, place).await {
        Ok(told) => told,
        Err(error) => vec![format!("cannot look for what killed benches left on {place}: {error}")],
    }
}

async fn try_all(url: &str, place: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let left: Vec<String> = sqlx::query_scalar(LEFT).fetch_all(&mut connection).await?;
    let mut told = Vec::new();
    for name in left {
        let number = namespace_number(&name);
        let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(number);
        if lock.fetch_one(&mut connection).await? {
            told.push(remove(url, &name, place).await);
            let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(number);
            unlock.execute(&mut connection).await?;
        }
    }
    connection.close().await.map(|()| told)
}

async fn remove(url: &str, name: &str, place: &str) -> String {
    let removed = async { Postgres::open(url, name, PoolOptions::default()).await?.remove_schema().await };
    match removed.await {
        Ok(()) => format!("removed the schema {name} of {place}: the bench that made it was killed"),
        Err(error) => format!("a killed bench left the schema {name}: {error}"),
    }
}
