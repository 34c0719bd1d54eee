//! The pool of connections to one server.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use super::address::Address;
use super::connections::Connections;
use super::failure::{self, Effect};
use super::server;
use crate::backend::database::Error;
use crate::backend::database::pool::PoolOptions;

/// What the server's own clock is given in addition where the outcome matters: it answers first, and then it is known.
const GRACE: Duration = Duration::from_secs(1);

/// One server and the pool of connections to it.
pub(super) struct Side {
    pool: Connections,
    place: String,
    options: PoolOptions,
}

impl Side {
    /// Checks the server over a connection of its own: the pool waits for a server that refuses connections, and would
    /// not tell why.
    pub async fn open(address: Address, schema: &str, options: PoolOptions) -> Result<Self, Error> {
        check_name(schema, &address.place)?;
        server::check(&address, options.acquire_timeout).await?;
        let Address { options: connect, place } = address;
        let pool = Connections::new(with_settings(connect, schema, &options), &options);
        Ok(Self { pool, place, options })
    }

    pub fn pool(&self) -> &Connections {
        &self.pool
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    /// Does `work` within the deadline, and again where its connection breaks: it must not matter how often.
    pub async fn repeat<T, W>(&self, operation: &'static str, work: impl FnMut() -> W) -> Result<T, Error>
    where
        W: Future<Output = Result<T, sqlx::Error>>,
    {
        let limit = self.options.query_timeout;
        let done = timeout(limit, self.again(work)).await;
        let late = |_| Error::Timeout { place: self.place.clone(), operation, limit };
        done.map_err(late)?.map_err(|error| self.explain(operation, error, Effect::None))
    }

    /// Does `work` once. Its errors say whether it had an effect.
    pub async fn once<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, (sqlx::Error, Effect)>>,
    ) -> Result<T, Error> {
        let done = timeout(self.options.query_timeout + GRACE, work).await;
        let silent = |_| failure::silent(&self.place, operation);
        done.map_err(silent)?.map_err(|(error, effect)| {
            self.pool.note(&error);
            self.explain(operation, error, effect)
        })
    }

    /// `work`, up to four times within a second and a bit, for as long as connections break.
    pub async fn again<T, W>(&self, work: impl FnMut() -> W) -> Result<T, sqlx::Error>
    where
        W: Future<Output = Result<T, sqlx::Error>>,
    {
        let waits = ExponentialBuilder::default().with_min_delay(Duration::from_millis(50)).with_factor(4.0);
        work.retry(waits.with_max_times(3))
            .when(|error| self.pool.note(error) && !failure::is_late(error))
            .await
    }

    fn explain(&self, operation: &'static str, error: sqlx::Error, effect: Effect) -> Error {
        let place = self.place.clone();
        if matches!(error, sqlx::Error::PoolTimedOut) {
            let (connections, waited) = (self.options.connections, self.options.acquire_timeout);
            return Error::PoolTimeout { place, connections, waited };
        }
        failure::explain(place, operation, self.options.query_timeout, error, effect)
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

/// Sends the settings with the start of each connection, so that they cost no statement.
fn with_settings(connect: PgConnectOptions, schema: &str, options: &PoolOptions) -> PgConnectOptions {
    let milliseconds = |time: Duration| time.as_millis().clamp(1, 2_000_000_000).to_string();
    // By which others see what is in use.
    connect.application_name(&format!("backend-bench {schema}")).options([
        ("search_path", format!("\"{schema}\"")),
        ("statement_timeout", milliseconds(options.query_timeout)),
        ("lock_timeout", milliseconds(options.lock_timeout)),
    ])
}
