//! An HTTP API over the other parts: conversations, files, analytics, settings, agent runs, and a WebSocket.
//!
//! | Endpoint | What it does |
//! |---|---|
//! | `GET /health` | queries the database; the state of its pool |
//! | `GET`, `POST /threads` | the latest threads; starts one: `{"title"}` |
//! | `GET`, `POST /threads/{id}/messages` | a thread's messages; adds one: `{"role"?, "content"}` |
//! | `POST /files` | stores the field `file` of a `multipart/form-data` body |
//! | `GET /analytics?from_us&to_us` | the usage of each model in a range of time, through the cache |
//! | `GET`, `PUT /settings` | every setting; sets those in the body's object and keeps others |
//! | `POST /agent/runs` | runs the agent on `{"request", "thread_id"?, "room"?}` |
//! | `GET /ws` | a WebSocket to the broadcaster |
//!
//! Lists take `?limit=` (1 to 1,000). A run adds its request and answer to the thread in `thread_id`, and publishes
//! its report to the room in `room`: a chat over WebSocket joins a room and posts runs for it.
//!
//! Errors have the body `{"error": {"code", "message", "remedy"?}}`. Bodies are limited in size (413) and in the time to
//! arrive (408), requests in their time (504). Messages name files and statements: they are meant for the operator.
//!
//! ```
//! use std::sync::Arc;
//! use backend_bench::backend::agent::{LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
//! use backend_bench::backend::api::{ApiConfig, Parts, ApiServer};
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
//! let server = ApiServer::start(parts, ApiConfig::new(folder.path().join("uploads"))).await?;
//!
//! let health = reqwest::get(server.url("/health")).await?;
//! assert_eq!(health.status(), 200);
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod agent_runs;
mod analytics;
mod app;
mod conversations;
mod error;
mod files;
mod routes;
mod server;

pub use app::{ApiConfig, Parts};
pub(crate) use routes::router;
pub use server::{ApiServer, ApiStartError};
