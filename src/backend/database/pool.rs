//! Limits and counters of a connection pool, the same for every engine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// Connections that are open.
    pub size: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
    /// Acquisitions for which a connection had to be opened.
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

    /// The share of acquisitions since `earlier` that an open connection served, from 0 to 1; none, where nothing
    /// was acquired.
    #[must_use]
    pub fn reuse_since(&self, earlier: &Self) -> Option<f64> {
        let acquired = self.acquired() - earlier.acquired();
        let opened = (self.opened - earlier.opened).min(acquired);
        (acquired > 0).then(|| (acquired - opened) as f64 / acquired as f64)
    }

    /// Two pools taken together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
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
    /// Holds `connection`, which gives itself back to its pool when it is dropped.
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
pub(super) struct Acquisitions {
    opened: AtomicU64,
    reused: AtomicU64,
}

impl Acquisitions {
    pub(super) fn note_opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_reused(&self) {
        self.reused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    pub(super) fn reused(&self) -> u64 {
        self.reused.load(Ordering::Relaxed)
    }
}
