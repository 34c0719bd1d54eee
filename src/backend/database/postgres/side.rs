//! The pool of connections to one server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};
use tokio::time::timeout;

use super::address::Address;
use super::failure::{self, Effect};
use super::server;
use crate::backend::database::Error;
use crate::backend::database::pool::{Acquisitions, PoolOptions, PoolStats};

/// What the server's own clock is given in addition where the outcome matters: it answers first, and then it is known.
const GRACE: Duration = Duration::from_secs(1);

/// One server and the pool of connections to it.
pub(super) struct Side {
    pool: PgPool,
    place: String,
    options: PoolOptions,
    acquisitions: Arc<Acquisitions>,
    losses: Arc<Losses>,
}

impl Side {
    /// Checks the server over a connection of its own, since a pool would wait for a server that refuses connections
    /// and hide why.
    pub async fn open(address: Address, schema: &str, options: PoolOptions) -> Result<Self, Error> {
        check_name(schema, &address.place)?;
        server::check(&address, options.acquire_timeout).await?;
        let Address { options: connect, place } = address;
        let (acquisitions, losses) = (Arc::new(Acquisitions::default()), Arc::new(Losses::new()));
        let connect = with_settings(connect, schema, &options);
        let pool = pool_options(&options, &acquisitions, &losses).connect_lazy_with(connect);
        Ok(Self { pool, place, options, acquisitions, losses })
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn stats(&self) -> PoolStats {
        PoolStats {
            size: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
            max: self.options.connections,
            opened: self.acquisitions.opened(),
            reused: self.acquisitions.reused(),
        }
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
            self.losses.note(&error);
            self.explain(operation, error, effect)
        })
    }

    /// `work`, up to four times within a second and a bit, for as long as connections break.
    pub async fn again<T, W>(&self, work: impl FnMut() -> W) -> Result<T, sqlx::Error>
    where
        W: Future<Output = Result<T, sqlx::Error>>,
    {
        let waits = ExponentialBuilder::default().with_min_delay(Duration::from_millis(50)).with_factor(4.0);
        work.retry(waits.with_max_times(3)).when(|error| self.losses.note(error)).await
    }

    fn explain(&self, operation: &'static str, error: sqlx::Error, effect: Effect) -> Error {
        let place = self.place.clone();
        // With room for more connections, it is the server that did not give one.
        if matches!(error, sqlx::Error::PoolTimedOut) && self.pool.size() >= self.options.connections {
            let (connections, waited) = (self.options.connections, self.options.acquire_timeout);
            return Error::PoolTimeout { place, connections, waited };
        }
        failure::explain(place, operation, self.options.query_timeout, error, effect)
    }
}

/// When a connection broke last. Those that have been idle since are tested before they are used; without this, each
/// of them would cost its next user an error.
struct Losses {
    epoch: Instant,
    /// In microseconds since `epoch`; 0 where there was none.
    last_us: AtomicU64,
}

impl Losses {
    fn new() -> Self {
        Self { epoch: Instant::now(), last_us: AtomicU64::new(0) }
    }

    /// Whether the error is a broken connection.
    fn note(&self, error: &sqlx::Error) -> bool {
        let lost = failure::is_lost(error);
        if lost {
            let now = u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.last_us.store(now.max(1), Ordering::Relaxed);
        }
        lost
    }

    fn within(&self, idle_for: Duration) -> bool {
        let last = self.last_us.load(Ordering::Relaxed);
        last > 0 && self.epoch.elapsed().saturating_sub(Duration::from_micros(last)) < idle_for
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
    connect.application_name("backend-bench").options([
        ("search_path", schema.to_owned()),
        ("statement_timeout", milliseconds(options.query_timeout)),
        ("lock_timeout", milliseconds(options.lock_timeout)),
    ])
}

/// Without the ping before each use, except after a loss. Its hook tells reuse apart.
fn pool_options(
    options: &PoolOptions,
    acquisitions: &Arc<Acquisitions>,
    losses: &Arc<Losses>,
) -> PgPoolOptions {
    let (opened, reused, losses) = (Arc::clone(acquisitions), Arc::clone(acquisitions), Arc::clone(losses));
    PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .after_connect(move |_, _| {
            opened.note_opened();
            Box::pin(async { Ok(()) })
        })
        .before_acquire(move |connection, meta| {
            let suspect = losses.within(meta.idle_for);
            let reused = Arc::clone(&reused);
            Box::pin(async move {
                let usable = !suspect || connection.ping().await.is_ok();
                if usable {
                    reused.note_reused();
                }
                Ok(usable)
            })
        })
}
