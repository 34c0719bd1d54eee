//! A whole backend in this process: every part behind the API, on a port of the loopback interface.
//!
//! The database is SQLite on a file. The model is simulated, so that the platform is measured and not a model. Both,
//! and whatever is uploaded, go with the platform.

mod users;

use std::ops::Deref;
use std::sync::Arc;

use bench_gate::metadata::Engine;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::backend::agent::{LatencyProfile, Llm, LlmConfig, SimulatedLlm, Supervisor, SupervisorConfig};
use crate::backend::api::{ApiConfig, ApiServer, Parts};
use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::backend::cache::{CacheConfig, ResponseCache};
use crate::backend::database::{Conversations, Database, PoolOptions, Sqlite, corpus};

pub use users::{PlatformApi, PlatformSession};

/// Why a platform did not start.
pub type PlatformError = Box<dyn std::error::Error + Send + Sync>;

/// The seed of the events and of the model.
pub(crate) const SEED: u64 = 20;

/// The file of the database, in the platform's folder.
pub(crate) const DATABASE: &str = "platform.db";

/// How the parts of a platform are configured.
#[derive(Clone, Copy)]
pub struct PlatformConfig {
    /// How long the simulated model takes.
    pub profile: LatencyProfile,
    /// The hub.
    pub broadcaster: BroadcasterConfig,
    /// How the agent's client of the model is configured.
    pub llm: fn(LlmConfig) -> LlmConfig,
}

impl PlatformConfig {
    /// Every part with its defaults, and a model that takes its time as `profile` says.
    #[must_use]
    pub fn new(profile: LatencyProfile) -> Self {
        Self { profile, broadcaster: BroadcasterConfig::default(), llm: |config| config }
    }
}

/// The name under which reports show what the `api` and `concurrent` categories measure: a platform, or the user's own
/// deployment.
pub(crate) const NAME: &str = "platform";

/// What reports say of a platform: comparisons must not mix it with a deployment.
#[must_use]
pub(crate) fn metadata() -> Engine {
    Engine {
        name: NAME.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        major: "in this process".to_owned(),
        origin: "in this process".to_owned(),
        settings: vec!["SQLite".to_owned(), "simulated model".to_owned()],
    }
}

/// A running backend.
pub struct Platform {
    /// The API.
    pub server: ApiServer,
    /// Handles to the parts behind it.
    pub parts: Parts,
    /// The model behind the agent.
    pub llm: SimulatedLlm,
    folder: TempDir,
}

impl Platform {
    /// Starts a platform with the first `events` of the corpus in its database, whose model takes its time as
    /// `profile` says.
    ///
    /// # Errors
    /// There is no temporary folder or no free port.
    pub async fn start(profile: LatencyProfile, events: usize) -> Result<Self, PlatformError> {
        Self::start_with(profile, events, |_| ()).await
    }

    /// [`Platform::start`] with other limits of the API.
    ///
    /// # Errors
    /// As [`Platform::start`].
    pub async fn start_with(
        profile: LatencyProfile,
        events: usize,
        change: impl FnOnce(&mut ApiConfig),
    ) -> Result<Self, PlatformError> {
        let folder = tempfile::tempdir()?;
        let database = Arc::new(Sqlite::open(&folder.path().join(DATABASE), PoolOptions::default()).await?);
        database.migrate().await?;
        corpus::load(&*database, SEED, events).await?;
        Self::start_on(folder, database, PlatformConfig::new(profile), change).await
    }

    /// A platform of this configuration on a database that is filled already.
    pub(crate) async fn start_on(
        folder: TempDir,
        database: Arc<dyn Conversations>,
        config: PlatformConfig,
        change: impl FnOnce(&mut ApiConfig),
    ) -> Result<Self, PlatformError> {
        let llm = SimulatedLlm::start(config.profile, SEED).await?;
        let parts = Parts {
            conversations: Arc::clone(&database),
            events: database,
            cache: ResponseCache::new(CacheConfig::default()),
            broadcaster: Broadcaster::new(config.broadcaster),
            agent: Supervisor::new(Llm::new((config.llm)(llm.llm_config()))?, SupervisorConfig::default()),
        };
        let mut api = ApiConfig::new(folder.path().join("uploads"));
        change(&mut api);
        let server = ApiServer::start(parts.clone(), api).await?;
        Ok(Self { server, parts, llm, folder })
    }

    /// The folder of everything that the platform stores; uploads are in `uploads`.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Stops every part, and removes what they stored.
    ///
    /// # Errors
    /// The folder cannot be removed.
    pub async fn shutdown(self) -> std::io::Result<()> {
        self.server.shutdown().await;
        self.llm.shutdown().await;
        // Closing has nothing to fail on: its threads end with their connections.
        let _ = self.parts.conversations.close().await;
        self.folder.close()
    }
}

/// A platform for the benchmarks of a group, shut down when this is dropped, by a panic too.
pub struct PlatformGuard<'a> {
    runtime: &'a Runtime,
    platform: Option<Platform>,
}

impl<'a> PlatformGuard<'a> {
    /// [`Platform::start`] on `runtime`.
    ///
    /// # Panics
    /// It does not start: a benchmark that cannot run has failed.
    #[must_use]
    pub fn start(runtime: &'a Runtime, profile: LatencyProfile, events: usize) -> Self {
        let started = runtime.block_on(Platform::start(profile, events));
        let platform = started.unwrap_or_else(|error| panic!("the platform does not start: {error}"));
        Self { runtime, platform: Some(platform) }
    }
}

impl Deref for PlatformGuard<'_> {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        self.platform.as_ref().expect("only dropping takes it")
    }
}

impl Drop for PlatformGuard<'_> {
    fn drop(&mut self) {
        if let Some(Err(error)) =
            self.platform.take().map(|platform| self.runtime.block_on(platform.shutdown()))
        {
            eprintln!("warning: the platform left its folder behind: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::PathBuf;

    use super::*;
    use crate::bench::harness::runtime;

    #[test]
    fn nothing_is_left_after_a_panic() {
        let runtime = runtime();
        let mut left = (PathBuf::new(), String::new());
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let platform = PlatformGuard::start(&runtime, LatencyProfile::zero(), 100);
            left = (platform.folder().to_owned(), platform.server.address().to_string());
            runtime.block_on(async { panic!("a failed check") })
        }));
        assert!(ended.is_err() && !left.0.exists(), "{} is left", left.0.display());
        assert!(std::net::TcpStream::connect(&left.1).is_err(), "{} still listens", left.1);
    }
}
