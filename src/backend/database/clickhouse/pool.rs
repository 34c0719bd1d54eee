//! A pool of HTTP connections: each with a client of its own, so that it can be held, counted and limited.
//!
//! An HTTP client pools on its own, but limits nothing: a request that finds no idle connection opens one more.

use std::sync::Arc;

use clickhouse::Client;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::transport::{self, Sockets};
use crate::backend::database::pool::{Acquisitions, PoolOptions, PoolStats};

/// Why no connection was to be had.
pub(super) enum Empty {
    /// All stayed in use for as long as [`PoolOptions::acquire_timeout`].
    InUse,
    Closed,
}

pub(super) struct Pool {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    options: PoolOptions,
}

struct Shared {
    /// The one given back last is taken first: it is the most likely to be open.
    idle: Mutex<Vec<Arc<Line>>>,
    sockets: Vec<Sockets>,
    acquisitions: Acquisitions,
}

/// A place for one connection, which opens when it is first used.
struct Line {
    client: Client,
    sockets: Sockets,
}

impl Pool {
    /// As many clients as there may be connections, each set up by `set_up`.
    pub fn new(options: PoolOptions, encrypted: bool, set_up: impl Fn(Client) -> Client) -> Self {
        let line = |(client, sockets)| Arc::new(Line { client: set_up(client), sockets });
        let idle: Vec<_> = (0..options.connections).map(|_| line(transport::client(encrypted))).collect();
        let sockets = idle.iter().map(|line| line.sockets.clone()).collect();
        let permits = Arc::new(Semaphore::new(idle.len()));
        let shared = Shared { idle: Mutex::new(idle), sockets, acquisitions: Acquisitions::default() };
        Self { shared: Arc::new(shared), permits, options }
    }

    /// Takes a connection, as soon as one is free.
    pub async fn take(&self) -> Result<Held, Empty> {
        let permit = timeout(self.options.acquire_timeout, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| Empty::InUse)?.map_err(|_| Empty::Closed)?;
        let line = self.shared.idle.lock().pop().ok_or(Empty::Closed)?;
        let held = Held { line, shared: Arc::clone(&self.shared), permit };
        held.line.sockets.change_lease();
        held.note();
        Ok(held)
    }

    pub fn stats(&self) -> PoolStats {
        let open = |sockets: &&Sockets| sockets.any();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        PoolStats {
            size: count(self.shared.sockets.iter().filter(open).count()),
            idle: count(self.shared.idle.lock().iter().map(|line| &line.sockets).filter(open).count()),
            max: self.options.connections,
            opened: self.shared.acquisitions.opened(),
            reused: self.shared.acquisitions.reused(),
        }
    }

    /// Closes idle connections now, and those in use when they are given back.
    pub fn close(&self) {
        self.permits.close();
        self.shared.idle.lock().clear();
    }
}

/// A connection that goes back to the pool when this is dropped.
pub(super) struct Held {
    line: Arc<Line>,
    shared: Arc<Shared>,
    /// Dropped after the line is back.
    permit: OwnedSemaphorePermit,
}

impl Held {
    pub fn client(&self) -> &Client {
        &self.line.client
    }

    /// Whether the connection is open already.
    pub fn is_open(&self) -> bool {
        self.line.sockets.any()
    }

    fn note(&self) {
        let acquisitions = &self.shared.acquisitions;
        if self.is_open() { acquisitions.note_reused() } else { acquisitions.note_opened() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.line.sockets.change_lease();
        if !self.permit.semaphore().is_closed() {
            self.shared.idle.lock().push(Arc::clone(&self.line));
        }
    }
}
