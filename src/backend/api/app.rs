//! What the handlers share: the parts behind the API, its limits, and its counters.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::agent::Supervisor;
use crate::backend::broadcaster::Broadcaster;
use crate::backend::cache::ResponseCache;
use crate::backend::database::{Conversations, Database, now_us};

/// The parts behind the API. A caller that keeps clones sees the effects of requests on them.
#[derive(Clone)]
pub struct Parts {
    /// Threads, messages and settings, migrated.
    pub conversations: Arc<dyn Conversations>,
    /// The events that runs add and analytics read: the same database, or one for analytics. Migrated.
    pub events: Arc<dyn Database>,
    /// Responses to analytics queries.
    pub cache: ResponseCache,
    /// Serves the WebSocket.
    pub broadcaster: Broadcaster,
    /// Runs requests.
    pub agent: Supervisor,
}

/// The limits of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// The address to listen on; port 0 selects a free port.
    pub address: SocketAddr,
    /// The folder for uploads; created if it is missing.
    pub uploads: PathBuf,
    /// The maximum size of a body, uploads excluded.
    pub max_body_bytes: usize,
    /// The maximum size of an upload, the framing of `multipart/form-data` included.
    pub max_upload_bytes: usize,
    /// The maximum time for a body to arrive.
    pub body_timeout: Duration,
    /// The maximum time for a request, from the end of its head to the start of the response.
    pub request_timeout: Duration,
    /// The maximum time for the head of a request, and so the maximum idle time of a connection.
    pub idle_timeout: Duration,
    /// How long [`ApiServer::shutdown`](super::ApiServer::shutdown) waits for open requests.
    pub shutdown_timeout: Duration,
}

impl ApiConfig {
    /// A free port of the loopback interface; 256 KiB for a body, 10 MiB for an upload, 10 s for either to arrive;
    /// 60 s for a request, 30 s idle, 5 s for a shutdown.
    #[must_use]
    pub fn new(uploads: PathBuf) -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            uploads,
            max_body_bytes: 256 * 1024,
            max_upload_bytes: 10 * 1024 * 1024,
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
        }
    }
}

/// The state of every handler.
pub(super) struct App {
    pub parts: Parts,
    pub config: ApiConfig,
    /// Incremented by each write of events, and part of the cache's keys: older responses are no longer found.
    pub generation: AtomicU64,
    next_event_id: AtomicI64,
}

impl App {
    /// Event ids increase from the start time in microseconds: a restart continues above them, as long as there is less
    /// than one event a microsecond.
    pub fn new(parts: Parts, config: ApiConfig) -> Self {
        Self { parts, config, generation: AtomicU64::new(0), next_event_id: AtomicI64::new(now_us()) }
    }

    pub(crate) fn event_ids(&self, count: usize) -> Range<i64> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let first = self.next_event_id.fetch_add(count, Ordering::Relaxed);
        first..first.saturating_add(count)
    }
}
