//! A platform that something can happen to, and the population at work on it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::fault::Fault;
use super::injection::{self, Injected};
use super::recovery::{Level, Watch};
use super::{Seen, Times};
use crate::backend::agent::{LatencyProfile, LlmConfig};
use crate::backend::broadcaster::BroadcasterConfig;
use crate::backend::database::{Conversations, Database, PoolOptions, Postgres, Sqlite, corpus};
use crate::bench::Platform;
use crate::bench::groups::concurrent::FASTER;
use crate::bench::harness::runtime;
use crate::bench::load::{ApiTarget, Load, Model, Population, Recording, drive_from};
use crate::bench::platform::{DATABASE, Design, SEED, StartError};
use crate::bench::services::EngineFacts;

/// Events in the database that users query.
const EVENTS: usize = 10_000;

/// The users, and the mean time between their operations: enough of them that each window holds some of each kind.
const USERS: usize = 25;
const THINK: Duration = Duration::from_millis(200);

/// The longest that an operation may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// The seed of what users do.
const USERS_SEED: u64 = 7;

/// When they are served well again.
const WATCH: Watch = Watch {
    window: Duration::from_millis(250),
    fewest: 5,
    deadline: DEADLINE,
    level: Level { p95: Duration::from_secs(2), success_percent: 99.0 },
};

/// Why a fault cannot be caused on this machine.
#[derive(Debug)]
pub(super) struct Unavailable {
    pub reason: String,
    /// The one command that changes it.
    pub remedy: String,
}

/// A platform with what its fault needs. Everything ends, and is removed, when this is dropped, by a panic too.
pub(super) struct Stage {
    fault: Fault,
    injected: Injected,
    platform: Option<Platform>,
    backend: Runtime,
}

impl Stage {
    /// # Errors
    /// What the fault is about is not to be had on this machine.
    ///
    /// # Panics
    /// The platform does not start.
    pub fn start(fault: Fault) -> Result<Self, Unavailable> {
        let backend = runtime();
        let injected = backend.block_on(Injected::ready(fault))?;
        let platform = backend.block_on(platform(&injected));
        let platform = platform.unwrap_or_else(|error| panic!("the platform does not start: {error}"));
        let mut stage = Self { fault, injected, platform: Some(platform), backend };
        stage.fill_the_room();
        Ok(stage)
    }

    /// The server that the fault is about, where it is one.
    pub fn engine(&self) -> Option<&EngineFacts> {
        self.injected.engine()
    }

    fn fill_the_room(&mut self) {
        if self.fault == Fault::SlowReaders {
            let _backend = self.backend.enter();
            self.injected.fill_the_room(self.platform.as_ref().expect("only dropping takes it"));
        }
    }

    /// Has the population, on the runtime `users`, work while the fault comes, and goes where it is `mended`.
    ///
    /// # Panics
    /// The fault left no trace.
    pub fn worked(mut self, users: &Runtime, times: Times, mended: bool) -> Seen {
        let platform = self.platform.as_ref().expect("only dropping takes it");
        let target = ApiTarget::new(&platform.server.url("")).unwrap_or_else(|error| panic!("{error}"));
        let load = load(self.fault, times);
        let (begins, begun) = oneshot::channel();
        let work = drive_from(&load, Arc::new(target), |origin| {
            let _ = begins.send(origin);
        });
        let play = injection::play(&mut self.injected, self.fault, platform, begun, (times, mended));
        let (recording, mended) = users.block_on(join(work, play));
        seen(recording.unwrap_or_else(|error| panic!("{error}")), mended, times)
    }
}

fn load(fault: Fault, times: Times) -> Load {
    let model = Model::Closed(Population::new(USERS, THINK));
    Load {
        deadline: DEADLINE,
        seed: USERS_SEED,
        ..Load::new(format!("faults/{}", fault.name()), model, times.all())
    }
}

fn seen(recording: Recording, mended: Duration, times: Times) -> Seen {
    let recovery = WATCH.recovery(recording.samples(), mended, times.all());
    Seen { recording, recovery }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.injected.stop_listeners();
        if let Some(Err(error)) =
            self.platform.take().map(|platform| self.backend.block_on(platform.shutdown()))
        {
            eprintln!("warning: the platform left its folder behind: {error}");
        }
        self.backend.block_on(self.injected.clean_up());
    }
}

/// A model that is given up on after 0.4 s of silence and asked five times, and small queues in the hub.
fn design() -> Design {
    let broadcaster = BroadcasterConfig { queue_capacity: 16, ..BroadcasterConfig::default() };
    let llm = |config: LlmConfig| {
        let config =
            config.with_deadline(Duration::from_millis(2_500)).with_silence(Duration::from_millis(400));
        config.with_attempts(5, Duration::from_millis(100))
    };
    Design { broadcaster, llm, ..Design::new(LatencyProfile::typical().faster(FASTER)) }
}

async fn platform(injected: &Injected) -> Result<Platform, StartError> {
    let folder = tempfile::tempdir()?;
    let database: Arc<dyn Conversations> = if let Some((filled, through_proxy, schema)) = injected.postgres()
    {
        fill(filled).await?;
        Arc::new(Postgres::open(through_proxy, schema, PoolOptions::default()).await?)
    } else {
        let database = Sqlite::open(&folder.path().join(DATABASE), PoolOptions::default()).await?;
        fill(&database).await?;
        Arc::new(database)
    };
    Platform::start_on(folder, database, design(), |_| ()).await
}

async fn fill(database: &dyn Database) -> Result<(), StartError> {
    database.migrate().await?;
    corpus::load(database, SEED, EVENTS).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TIMES, started};
    use super::*;

    #[test]
    #[should_panic(expected = "slow_readers left no trace: nothing was tested")]
    fn a_fault_that_nobody_meets_is_no_test() {
        let mut stage = started(Fault::SlowReaders);
        stage.injected.stop_listeners();
        let _ = stage.worked(&runtime(), TIMES, true);
    }
}
