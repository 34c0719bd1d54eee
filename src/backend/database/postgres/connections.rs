//! The connections to one server, each used by one operation at a time.
//!
//! sqlx's own pool asks the server whether a connection is well each time one is given back: a round trip on another
//! thread, during which the next operation takes another connection. Here one goes back at once where its last
//! operation came to an end, and is closed where it did not (a deadline, a broken connection, a panic).

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use deadpool::Runtime;
use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection as _, PgConnection};

use super::failure;
use crate::backend::database::pool::{Acquisitions, PoolOptions, PoolStats};

/// Opens connections, and tests those that may have been lost.
struct Opener {
    connect: PgConnectOptions,
    acquisitions: Acquisitions,
    losses: Arc<Losses>,
}

impl Manager for Opener {
    type Type = PgConnection;
    type Error = sqlx::Error;

    /// A server that is starting refuses connections: it is asked again until the pool's own time is up.
    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let waits = ExponentialBuilder::default().with_min_delay(Duration::from_millis(10));
        let waits = waits.with_max_delay(Duration::from_millis(500)).without_max_times();
        let connection = (|| self.connect.connect()).retry(waits).when(failure::is_starting).await?;
        self.acquisitions.note_opened();
        Ok(connection)
    }

    /// Without a ping, except after a loss.
    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if self.losses.within(metrics.last_used()) {
            connection.ping().await.map_err(RecycleError::Backend)?;
        }
        self.acquisitions.note_reused();
        Ok(())
    }
}

/// A pool of connections.
pub(super) struct Connections {
    pool: Pool<Opener>,
    losses: Arc<Losses>,
    max: u32,
}

impl Connections {
    /// Opens none yet.
    pub fn new(connect: PgConnectOptions, options: &PoolOptions) -> Self {
        let losses = Arc::new(Losses::new());
        let opener = Opener { connect, acquisitions: Acquisitions::default(), losses: Arc::clone(&losses) };
        let patience = Some(options.acquire_timeout);
        // The latest used is the next to be used: its server process has everything at hand.
        let pool = Pool::builder(opener)
            .max_size(options.connections as usize)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(patience)
            .create_timeout(patience)
            .recycle_timeout(patience)
            .runtime(Runtime::Tokio1)
            .build()
            .expect("a pool with a runtime may have timeouts");
        Self { pool, losses, max: options.connections }
    }

    /// One that nobody else uses. It is closed when it is dropped, unless its last operation is said to have ended.
    pub async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        let silent =
            || std::io::Error::new(std::io::ErrorKind::TimedOut, "no connection could be made in time");
        let connection = self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => sqlx::Error::PoolTimedOut,
            PoolError::Timeout(_) => sqlx::Error::Io(silent()),
            PoolError::Backend(error) => error,
            _ => sqlx::Error::PoolClosed,
        })?;
        Ok(Connection { object: Some(connection), ended: false })
    }

    /// Whether the error is a broken connection; remembers that there was one.
    pub fn note(&self, error: &sqlx::Error) -> bool {
        let lost = failure::is_lost(error);
        if lost {
            self.losses.note();
        }
        lost
    }

    pub fn stats(&self) -> PoolStats {
        let (status, count) = (self.pool.status(), |number| u32::try_from(number).unwrap_or(u32::MAX));
        let acquisitions = &self.pool.manager().acquisitions;
        PoolStats {
            size: count(status.size),
            idle: count(status.available),
            max: self.max,
            opened: acquisitions.opened(),
            reused: acquisitions.reused(),
        }
    }

    /// Takes leave of the server on those that are idle; the others are closed when they come back.
    pub async fn close(&self) {
        let idle = self.pool.retain(|_, _| false).removed;
        self.pool.close();
        // `close` alone would drop them, which servers note as connections that broke off.
        for connection in idle {
            connection.close().await.ok();
        }
    }
}

/// A connection on loan.
pub(super) struct Connection {
    /// Taken when it is dropped.
    object: Option<Object<Opener>>,
    ended: bool,
}

impl Connection {
    /// The operation came to an end, and the connection can be used for the next.
    pub fn keep(mut self) {
        self.ended = true;
    }

    /// [`Connection::keep`], where the result of the one statement that was run says so.
    pub fn settle<T>(self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match &result {
            Ok(_) | Err(sqlx::Error::RowNotFound) => self.keep(),
            Err(error) if error.as_database_error().is_some() && !failure::is_lost(error) => self.keep(),
            Err(_) => drop(self),
        }
        result
    }

    /// On loan until it is dropped, without an operation.
    pub fn idle(mut self) -> Self {
        self.ended = true;
        self
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.object.as_ref().expect("only dropping takes it")
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.object.as_mut().expect("only dropping takes it")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(object) = self.object.take()
            && !self.ended
        {
            drop(Object::take(object));
        }
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

    fn note(&self) {
        let now = u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last_us.store(now.max(1), Ordering::Relaxed);
    }

    fn within(&self, idle_for: Duration) -> bool {
        let last = self.last_us.load(Ordering::Relaxed);
        last > 0 && self.epoch.elapsed().saturating_sub(Duration::from_micros(last)) < idle_for
    }
}
