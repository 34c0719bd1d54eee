//! Limits, counters and leases of a connection pool, the same for every engine; and sqlx's pool with them.
//!
//! What an engine's errors mean stands with the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{error::Elapsed, timeout};

/// The limits of a pool.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The most connections that are open at once.
    pub connections: u32,
    /// How long to wait for a free connection.
    pub acquire_timeout: Duration,
    /// How long one operation may take, the wait for a connection included.
    pub query_timeout: Duration,
    /// How long to wait for another process that holds the database.
    pub lock_timeout: Duration,
}

impl Default for PoolOptions {
    /// 10 connections, 10 s for one to become free, 30 s for an operation, 5 s for a lock.
    fn default() -> Self {
        Self {
            connections: 10,
            acquire_timeout: Duration::from_secs(10),
            query_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
        }
    }
}

/// The state of a pool at one moment, and what it did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// Open connections.
    pub size: u32,
    /// Open connections that are not in use.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
    /// Connections that were opened.
    pub opened: u64,
    /// Acquisitions that an open connection served.
    pub reused: u64,
}

impl PoolStats {
    /// Acquisitions so far.
    #[must_use]
    pub fn acquired(&self) -> u64 {
        self.opened + self.reused
    }

    /// The share of acquisitions since `earlier` that an open connection served, from 0 to 1; `None` without any
    /// acquisition.
    #[must_use]
    pub fn reuse_since(&self, earlier: &Self) -> Option<f64> {
        let acquired = self.acquired() - earlier.acquired();
        let opened = (self.opened - earlier.opened).min(acquired);
        (acquired > 0).then(|| (acquired - opened) as f64 / acquired as f64)
    }

    /// The sum of two pools.
    #[must_use]
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            size: self.size + other.size,
            idle: self.idle + other.idle,
            max: self.max + other.max,
            opened: self.opened + other.opened,
            reused: self.reused + other.reused,
        }
    }
}

/// A connection that is held until this is dropped.
pub struct Lease(#[expect(dead_code, reason = "held for what its drop does")] Box<dyn Send>);

impl Lease {
    /// Holds `connection`, which returns to its pool when it is dropped.
    pub(super) fn new(connection: impl Send + 'static) -> Self {
        Self(Box::new(connection))
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Lease")
    }
}

/// Counts what a pool's own hooks report.
#[derive(Debug, Default)]
struct Acquisitions {
    opened: AtomicU64,
    reused: AtomicU64,
}

/// sqlx's pool with our limits, and hooks that count.
///
/// Everything else is sqlx's default. So the pool pings a connection before it hands it out and after it comes back,
/// and every measurement contains both pings, as it does in a program that uses sqlx.
#[derive(Debug)]
pub(super) struct SqlxPool<DB: sqlx::Database> {
    pool: sqlx::Pool<DB>,
    options: PoolOptions,
    acquisitions: Arc<Acquisitions>,
}

impl<DB: sqlx::Database> SqlxPool<DB> {
    /// Opens the first connection.
    pub(super) async fn connect(
        connect: <DB::Connection as sqlx::Connection>::Options,
        options: PoolOptions,
    ) -> Result<Self, sqlx::Error> {
        let acquisitions = Arc::new(Acquisitions::default());
        let pool = counting(&options, &acquisitions).connect_with(connect).await?;
        Ok(Self { pool, options, acquisitions })
    }

    pub(super) fn pool(&self) -> &sqlx::Pool<DB> {
        &self.pool
    }

    pub(super) fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// Does `work` within the time of an operation and `grace`.
    pub(super) async fn in_time<T>(
        &self,
        grace: Duration,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<Result<T, sqlx::Error>, Elapsed> {
        timeout(self.options.query_timeout + grace, work).await
    }

    pub(super) fn stats(&self) -> PoolStats {
        PoolStats {
            size: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
            max: self.options.connections,
            opened: self.acquisitions.opened.load(Ordering::Relaxed),
            reused: self.acquisitions.reused.load(Ordering::Relaxed),
        }
    }
}

fn counting<DB: sqlx::Database>(
    options: &PoolOptions,
    acquisitions: &Arc<Acquisitions>,
) -> sqlx::pool::PoolOptions<DB> {
    let (opened, reused) = (Arc::clone(acquisitions), Arc::clone(acquisitions));
    sqlx::pool::PoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .after_connect(move |_, _| {
            opened.opened.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        })
        .before_acquire(move |_, _| {
            reused.reused.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(true) })
        })
}
