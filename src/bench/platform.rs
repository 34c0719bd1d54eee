//! A whole backend in this process: every part behind the API, on a port of the loopback interface.
//!
//! The database is SQLite on a file. The model is simulated, so that the platform is measured and not a model. Both,
//! and whatever is uploaded, go with the platform.

use std::ops::Deref;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::backend::agent::{LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
use crate::backend::api::{ApiConfig, Parts, Server};
use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::backend::cache::{CacheConfig, ResponseCache};
use crate::backend::database::{Database, PoolOptions, Sqlite, corpus};

/// Why a platform did not start.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// The seed of the events and of the model.
const SEED: u64 = 20;

/// A running backend.
pub struct Platform {
    /// The API.
    pub server: Server,
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
    /// There is no temporary folder or no port to be had.
    pub async fn start(profile: LatencyProfile, events: usize) -> Result<Self, StartError> {
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
    ) -> Result<Self, StartError> {
        let folder = tempfile::tempdir()?;
        let llm = SimulatedLlm::start(profile, SEED).await?;
        let parts = parts(&folder, &llm).await?;
        corpus::load(&*parts.events, SEED, events).await?;
        let mut config = ApiConfig::new(folder.path().join("uploads"));
        change(&mut config);
        let server = Server::start(parts.clone(), config).await?;
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

async fn parts(folder: &TempDir, llm: &SimulatedLlm) -> Result<Parts, StartError> {
    let database = Arc::new(Sqlite::open(&folder.path().join("platform.db"), PoolOptions::default()).await?);
    database.migrate().await?;
    Ok(Parts {
        conversations: database.clone(),
        events: database,
        cache: ResponseCache::new(CacheConfig::default()),
        broadcaster: Broadcaster::new(BroadcasterConfig::default()),
        agent: Supervisor::new(Llm::new(llm.llm_config())?, SupervisorConfig::default()),
    })
}

/// A platform for the benchmarks of a group, shut down when this is dropped, by a panic too.
pub struct Session<'a> {
    runtime: &'a Runtime,
    platform: Option<Platform>,
}

impl<'a> Session<'a> {
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

impl Deref for Session<'_> {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        self.platform.as_ref().expect("only dropping takes it")
    }
}

impl Drop for Session<'_> {
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
            let session = Session::start(&runtime, LatencyProfile::zero(), 100);
            left = (session.folder().to_owned(), session.server.address().to_string());
            runtime.block_on(async { panic!("a failed check") })
        }));
        assert!(ended.is_err() && !left.0.exists(), "{} is left", left.0.display());
        assert!(std::net::TcpStream::connect(&left.1).is_err(), "{} still listens", left.1);
    }
}
