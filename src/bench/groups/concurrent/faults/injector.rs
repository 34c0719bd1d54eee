//! A platform with a fault, and the population at work on it.

use std::sync::Arc;
use std::time::Duration;

use bench_gate::metadata::Engine;
use futures_util::future::join;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use super::fault::{Fault, Unavailable};
use super::recovery::RecoveryRule;
use crate::backend::agent::{LatencyProfile, LlmConfig};
use crate::backend::broadcaster::BroadcasterConfig;
use crate::bench::Platform;
use crate::bench::groups::concurrent::system::FASTER;
use crate::bench::groups::concurrent::system::ServiceLevel;
use crate::bench::harness::runtime;
use crate::bench::load::{Load, Model, Population, Recording, drive_from};
use crate::bench::platform::{DATABASE, PlatformApi, PlatformConfig, PlatformError};

/// The users, and the mean time between their operations: enough of them that each window holds some of each kind.
const USERS: usize = 25;
const THINK: Duration = Duration::from_millis(200);

/// The longest that an operation may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// The seed of what users do.
const USERS_SEED: u64 = 7;

/// The longest that injecting or healing a fault may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

const RECOVERY: RecoveryRule = RecoveryRule {
    window: Duration::from_millis(250),
    fewest: 5,
    deadline: DEADLINE,
    level: ServiceLevel { p95: Duration::from_secs(2), success_percent: 99.0 },
};

/// How long a population works before the fault, under it, and after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phases {
    pub before: Duration,
    pub fault: Duration,
    pub after: Duration,
}

/// What a population saw of a fault.
pub(super) struct FaultOutcome {
    pub recording: Recording,
    /// From the healing to the recovery, where there was one.
    pub recovery: Option<Duration>,
}

/// A platform with its fault. Everything ends, and is removed, when this is dropped, by a panic too.
pub(super) struct FaultInjector<F: Fault> {
    fault: F,
    platform: Option<Platform>,
    backend: Runtime,
}

impl<F: Fault> FaultInjector<F> {
    /// # Errors
    /// What the fault needs is missing on this machine.
    ///
    /// # Panics
    /// The platform does not start.
    pub fn start() -> Result<Self, Unavailable> {
        let backend = runtime();
        let mut fault = backend.block_on(F::prepare())?;
        let platform = backend.block_on(platform(&fault));
        let platform = platform.unwrap_or_else(|error| panic!("the platform does not start: {error}"));
        backend.block_on(async { fault.started(&platform) });
        Ok(Self { fault, platform: Some(platform), backend })
    }

    /// The server that the fault is about, where it is one.
    pub fn engine(&self) -> Option<&Engine> {
        self.fault.engine()
    }

    /// [`Fault::release`], to see that a fault without effect is noticed.
    #[cfg(test)]
    pub fn release(&mut self) {
        self.fault.release();
    }

    /// Runs the population on the runtime `users`, while the fault comes, and goes where it `heals`.
    ///
    /// # Panics
    /// The fault left no trace.
    pub fn run(mut self, users: &Runtime, phases: Phases, heals: bool) -> FaultOutcome {
        let platform = self.platform.as_ref().expect("only dropping takes it");
        let api = PlatformApi::at(&platform.server.url("")).unwrap_or_else(|error| panic!("{error}"));
        let load = load::<F>(phases);
        let fault = &mut self.fault;
        let (recording, healed) = users.block_on(async {
            let (begins, begun) = oneshot::channel();
            let work = drive_from(&load, Arc::new(api), |origin| {
                let _ = begins.send(origin);
            });
            join(work, inject_and_heal(fault, platform, begun, phases, heals)).await
        });
        let recording = recording.unwrap_or_else(|error| panic!("{error}"));
        FaultOutcome { recovery: RECOVERY.recovery(recording.samples(), healed, load.duration), recording }
    }
}

impl<F: Fault> Drop for FaultInjector<F> {
    fn drop(&mut self) {
        self.fault.release();
        if let Some(Err(error)) =
            self.platform.take().map(|platform| self.backend.block_on(platform.shutdown()))
        {
            eprintln!("warning: the platform left its folder behind: {error}");
        }
        self.backend.block_on(self.fault.clean_up());
    }
}

fn load<F: Fault>(phases: Phases) -> Load {
    let (model, name) = (Model::Closed(Population::new(USERS, THINK)), format!("faults/{}", F::NAME));
    let length = phases.before + phases.fault + phases.after;
    Load { deadline: DEADLINE, seed: USERS_SEED, ..Load::new(name, model, length) }
}

/// Injects `fault` at its time after `begun`, and heals it where it `heals`. Returns when it was healed, or would have
/// been, counted from there.
///
/// # Panics
/// It left no trace, or the load did not begin.
async fn inject_and_heal<F: Fault>(
    fault: &mut F,
    platform: &Platform,
    begun: oneshot::Receiver<Instant>,
    phases: Phases,
    heals: bool,
) -> Duration {
    let origin = begun.await.expect("the load begins");
    sleep_until(origin + phases.before).await;
    let before = fault.trace(platform);
    in_time::<F>(fault.inject(platform)).await;
    sleep_until(origin + phases.before + phases.fault).await;
    assert!(fault.trace(platform) > before, "{} left no trace: nothing was tested", F::NAME);
    if heals {
        in_time::<F>(fault.heal(platform)).await;
    }
    origin.elapsed()
}

async fn in_time<F: Fault>(step: impl Future<Output = ()>) {
    let done = timeout(STEP_TIMEOUT, step).await;
    assert!(done.is_ok(), "{} could not be injected or healed in {STEP_TIMEOUT:?}", F::NAME);
}

/// A platform whose agent gives a model up after 0.4 s of silence and asks it five times, with small queues in the hub.
async fn platform<F: Fault>(fault: &F) -> Result<Platform, PlatformError> {
    let folder = tempfile::tempdir()?;
    let database = fault.database(&folder.path().join(DATABASE)).await?;
    let broadcaster = BroadcasterConfig { queue_capacity: 16, ..BroadcasterConfig::default() };
    let llm = |config: LlmConfig| {
        let (deadline, silence) = (Duration::from_millis(2_500), Duration::from_millis(400));
        config.with_deadline(deadline).with_silence(silence).with_attempts(5, Duration::from_millis(100))
    };
    let profile = LatencyProfile::typical().faster(FASTER);
    let config = PlatformConfig { broadcaster, llm, ..PlatformConfig::new(profile) };
    Platform::start_on(folder, database, config, |_| ()).await
}
