//! An HTTP API over the other parts: conversations, files, analytics, settings, agent runs, and a WebSocket.
//!
//! | Endpoint | What it does |
//! |---|---|
//! | `GET /health` | asks the database, and tells the state of its pool |
//! | `GET`, `POST /threads` | the latest threads; starts one: `{"title"}` |
//! | `GET`, `POST /threads/{id}/messages` | a thread's messages; adds one: `{"role"?, "content"}` |
//! | `POST /files` | stores the field `file` of a `multipart/form-data` body |
//! | `GET /analytics?from_us&to_us` | the usage of each model in a range of time, through the cache |
//! | `GET`, `PUT /settings` | every setting; sets those of the body's object and leaves others |
//! | `POST /agent/runs` | leads `{"request", "thread_id"?, "room"?}` through the agent |
//! | `GET /ws` | a WebSocket to the broadcaster |
//!
//! Lists take `?limit=` (1 to 1,000). A run adds its request and answer to the thread that it names, and publishes
//! its report to the room that it names: a chat over WebSocket joins a room and posts runs for it.
//!
//! Whatever fails answers `{"error": {"code", "message", "remedy"?}}`. Bodies are limited in size (413) and in the
//! time that they take to arrive (408), requests in the time that they take (504). Messages name files and
//! statements, for the eyes of whoever runs this.
//!
//! ```
//! use std::sync::Arc;
//! use backend_bench::backend::agent::{LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
//! use backend_bench::backend::api::{ApiConfig, Parts, Server};
//! use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig};
//! use backend_bench::backend::cache::{CacheConfig, ResponseCache};
//! use backend_bench::backend::database::{Database, PoolOptions, Sqlite};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let database = Arc::new(Sqlite::open(&folder.path().join("api.db"), PoolOptions::default()).await?);
//! database.migrate().await?;
//! let llm = SimulatedLlm::start(LatencyProfile::zero(), 1).await?;
//! let parts = Parts {
//!     conversations: database.clone(),
//!     events: database,
//!     cache: ResponseCache::new(CacheConfig::default()),
//!     broadcaster: Broadcaster::new(BroadcasterConfig::default()),
//!     agent: Supervisor::new(Llm::new(llm.llm_config())?, SupervisorConfig::default()),
//! };
//! let server = Server::start(parts, ApiConfig::new(folder.path().join("uploads"))).await?;
//!
//! let health = reqwest::get(server.url("/health")).await?;
//! assert_eq!(health.status(), 200);
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod agent_runs;
mod analytics;
mod config;
mod error;
mod extract;
mod files;
mod health;
mod messages;
mod routes;
mod server;
mod settings;
mod threads;
mod websocket;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;

pub use config::ApiConfig;
pub use server::{Server, StartError};

use super::agent::Supervisor;
use super::broadcaster::Broadcaster;
use super::cache::ResponseCache;
use super::database::{Conversations, Database};

/// What the API works with. Whoever makes the parts keeps their clones, and so sees what requests do to them.
#[derive(Clone)]
pub struct Parts {
    /// Threads, messages and settings, migrated.
    pub conversations: Arc<dyn Conversations>,
    /// The events that runs add and analytics read: the same database, or one made for analytics. Migrated.
    pub events: Arc<dyn Database>,
    /// Responses to analytics queries.
    pub cache: ResponseCache,
    /// What serves the WebSocket.
    pub broadcaster: Broadcaster,
    /// What runs requests.
    pub agent: Supervisor,
}

/// The endpoints without a port, as a service to be called: for those who serve them elsewhere. The folder for uploads
/// ([`ApiConfig::uploads`]) has to be there.
pub fn router(parts: Parts, config: ApiConfig) -> Router {
    routes::router(Arc::new(App::new(parts, config)))
}

/// What handlers share.
struct App {
    parts: Parts,
    config: ApiConfig,
    /// Raised by each write of events, and part of the cache's keys: what was answered before is not asked for again.
    generation: AtomicU64,
    event_ids: agent_runs::EventIds,
}

impl App {
    fn new(parts: Parts, config: ApiConfig) -> Self {
        Self { parts, config, generation: AtomicU64::new(0), event_ids: agent_runs::EventIds::default() }
    }
}
