//! The system under test: a fresh platform for each population, or the user's own deployment.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::backend::agent::LatencyProfile;
use crate::bench::deployment::{self, DeployedApi};
use crate::bench::harness::{self, runtime};
use crate::bench::heap::{Heap, Peak, PeakWatch};
use crate::bench::load::{Load, Model, Population, Recording, Summary, Target, drive};
use crate::bench::platform::PlatformApi;
use crate::bench::{MetadataWriter, PlatformGuard, platform};

/// How much faster than typical the simulated model is.
pub(super) const FASTER: u32 = 10;

/// Events in the database of a platform, which users query.
const EVENTS: usize = 10_000;

/// The mean time between a user's operations: short, so that a scenario of seconds sees hundreds of them.
const THINK: Duration = Duration::from_millis(500);

/// The longest that an operation may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// How often memory is looked at: a hundredth of a processor's time.
const LOOK: Duration = Duration::from_millis(10);

/// What populations load, and where that is recorded.
pub(super) struct SystemUnderTest {
    deployed: Option<DeployedApi>,
    metadata: MetadataWriter,
    /// Set when the first population has come.
    recorded: OnceCell<()>,
}

impl SystemUnderTest {
    /// The deployment that `API_URL` names, else platforms. Ends the process with 2 where there is one and no load can
    /// be sent to it.
    pub(super) fn here(metadata: MetadataWriter) -> Self {
        Self { deployed: deployment::api_or_exit(), metadata, recorded: OnceCell::new() }
    }

    /// The most users that may come at the same time.
    pub(super) fn most_users(&self) -> usize {
        self.deployed.as_ref().map_or(usize::MAX, |api| api.users().count)
    }

    /// The mean time between a user's operations.
    pub(super) fn think(&self) -> Duration {
        self.deployed.as_ref().map_or(THINK, |api| api.users().think)
    }

    /// The longest that an operation may take.
    pub(super) fn deadline(&self) -> Duration {
        self.deployed.as_ref().map_or(DEADLINE, |api| api.users().deadline)
    }

    /// Runs `load`, its users on the runtime `users`, on the deployment, or on a fresh platform with a runtime of its own;
    /// with the most memory that this process held while there was a platform.
    ///
    /// # Panics
    /// The platform does not start, the load would do nothing, or the global allocator is not jemalloc.
    pub(super) fn drive(&self, users: &Runtime, load: &Load) -> (Recording, Option<Peak>) {
        self.recorded.get_or_init(|| self.record(users));
        if let Some(api) = &self.deployed {
            return (driven(users, load, api.clone()), None);
        }
        let (backend, watch) = (runtime(), PeakWatch::start(Heap::of_jemalloc(), LOOK));
        let platform = PlatformGuard::start(&backend, LatencyProfile::typical().faster(FASTER), EVENTS);
        let api = PlatformApi::at(&platform.server.url("")).unwrap_or_else(|error| panic!("{error}"));
        (driven(users, load, api), Some(watch.stop()))
    }

    /// Leaves the benchmark that is running out where the system is a deployment: load is sent to it, and nothing else.
    pub(super) fn may_break(&self, users: &Runtime) {
        let Some(api) = &self.deployed else { return *self.recorded.get_or_init(|| self.record(users)) };
        let reason =
            format!("faults are injected into a platform of this process, and not into {}", api.base());
        self.leave_out("faults/*", &reason, "unset API_URL to measure faults on a platform of ours")
    }

    /// Leaves the benchmark that is running out, with all that `rows` names, where the system is a deployment: its memory
    /// cannot be seen, and that of the users is not meant.
    pub(super) fn must_be_here(&self, rows: &str) {
        let Some(api) = &self.deployed else { return };
        let reason = format!("the memory of {} cannot be seen from here", api.base());
        self.leave_out(rows, &reason, "unset API_URL to measure that of a platform of ours")
    }

    /// Leaves the benchmark that is running out, with all that `rows` names.
    pub(super) fn leave_out(&self, rows: &str, reason: &str, remedy: &str) -> ! {
        harness::leave_out(&self.metadata, rows, reason, remedy)
    }

    /// Records what is about to be measured, once a deployment has shown that it answers.
    fn record(&self, users: &Runtime) {
        let metadata = self.deployed.as_ref().map_or_else(platform::metadata, |api| {
            users.block_on(api.rehearse()).unwrap_or_else(|error| deployment::exit(&error));
            api.metadata()
        });
        self.metadata.record_engine(&metadata).unwrap_or_else(|error| panic!("{error}"));
    }
}

fn driven<T: Target>(users: &Runtime, load: &Load, target: T) -> Recording {
    users.block_on(drive(load, Arc::new(target))).unwrap_or_else(|error| panic!("{error}"))
}

/// The seed of what users do.
const SEED: u64 = 5;

/// A service level.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceLevel {
    /// How long 95 of a hundred operations may take.
    pub p95: Duration,
    /// How many in a hundred have to succeed.
    pub success_percent: f64,
}

impl ServiceLevel {
    /// Whether these operations keep it.
    pub(super) fn holds(&self, seen: &Summary) -> bool {
        seen.percentile(95.0) < self.p95 && seen.success_percent() >= self.success_percent
    }
}

/// What all scenarios share.
#[derive(Clone, Copy)]
pub(super) struct LoadFixture<'s> {
    /// The runtime of the users.
    pub users: &'s Runtime,
    /// What they load.
    pub system: &'s SystemUnderTest,
    /// How long they work before anything is recorded.
    pub warm_up: Duration,
}

impl<'s> LoadFixture<'s> {
    /// `population` at work for `length`, recorded when it is first needed. `name` is what progress calls it.
    pub(super) fn scenario(self, name: &str, population: Population, length: Duration) -> Scenario<'s> {
        let load = Load {
            warm_up: self.warm_up,
            deadline: self.system.deadline(),
            seed: SEED,
            ..Load::new(format!("concurrent/{name}"), Model::Closed(population), length)
        };
        Scenario { fixture: self, load, recorded: OnceCell::new() }
    }

    /// So many users, who think as long as the system says.
    pub(super) fn population(self, users: usize) -> Population {
        Population::new(users, self.system.think())
    }
}

/// A population that is recorded when it is first needed.
pub(super) struct Scenario<'s> {
    fixture: LoadFixture<'s>,
    load: Load,
    recorded: OnceCell<(Recording, Option<Peak>)>,
}

impl Scenario<'_> {
    /// What it loads.
    pub(super) fn system(&self) -> &SystemUnderTest {
        self.fixture.system
    }

    /// The most memory that this process held while the recording was made; none, where the system is a deployment, or
    /// nothing is recorded yet.
    pub(super) fn peak(&self) -> Option<Peak> {
        self.recorded.get().and_then(|(_, peak)| *peak)
    }

    /// What the population saw. Failures are printed on stderr.
    ///
    /// # Panics
    /// No operation succeeded.
    pub(super) fn recording(&self) -> &Recording {
        self.recorded(|_| ())
    }

    /// [`Scenario::recording`], which is handed to `note` where it is made only now.
    pub(super) fn recorded(&self, note: impl FnOnce(&Recording)) -> &Recording {
        let (recording, _) = self.recorded.get_or_init(|| {
            let (recording, peak) = self.fixture.system.drive(self.fixture.users, &self.load);
            let whole = recording.whole();
            if whole.failures > 0 {
                eprintln!("{}: users saw failures\n{recording}", self.load.name);
            }
            assert!(
                whole.failures < whole.operations,
                "no operation of {} users succeeded:\n{recording}",
                self.load.users()
            );
            note(&recording);
            (recording, peak)
        });
        recording
    }
}
