//! What populations work: a fresh platform each, or the user's own deployment.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::FASTER;
use crate::backend::agent::LatencyProfile;
use crate::bench::deployment::{self, DeployedApi};
use crate::bench::harness::{runtime, skip};
use crate::bench::heap::{Heap, Peak, PeakWatch};
use crate::bench::load::{ApiTarget, Load, LoadError, Recording, Target, drive};
use crate::bench::{Facts, Session, platform};

/// Events in the database of a platform, which users query.
const EVENTS: usize = 10_000;

/// The mean time between a user's operations: short, so that a scenario of seconds sees hundreds of them.
const THINK: Duration = Duration::from_millis(500);

/// The longest that an operation may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// How often memory is looked at: a hundredth of a processor's time.
const LOOK: Duration = Duration::from_millis(10);

/// What is worked, and where that is noted.
pub(super) struct Place {
    deployed: Option<DeployedApi>,
    facts: Facts,
    /// Set when the first population has come.
    noted: OnceCell<()>,
}

impl Place {
    /// The deployment that `API_URL` names, else platforms. Ends the process with 2 where there is one and no load can
    /// be sent to it.
    pub(super) fn here(facts: Facts) -> Self {
        Self { deployed: deployment::api_or_exit(), facts, noted: OnceCell::new() }
    }

    /// The most users that may come at the same time.
    pub(super) fn most(&self) -> usize {
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

    /// Has the users of `load`, on the runtime `users`, work a deployment, or a fresh platform on a runtime of its own;
    /// with the most memory that this process held while a platform was there.
    ///
    /// # Panics
    /// The platform does not start, the load would do nothing, or the global allocator is not jemalloc.
    pub(super) fn drive(&self, users: &Runtime, load: &Load) -> (Recording, Option<Peak>) {
        self.noted.get_or_init(|| self.note(users));
        if let Some(api) = &self.deployed {
            return (driven(users, load, api.clone()), None);
        }
        let (backend, watch) = (runtime(), PeakWatch::start(Heap::of_jemalloc(), LOOK));
        let session = Session::start(&backend, LatencyProfile::typical().faster(FASTER), EVENTS);
        let target = ApiTarget::new(&session.server.url("")).unwrap_or_else(|error| panic!("{error}"));
        let recording = driven(users, load, target);
        (recording, Some(watch.stop()))
    }

    /// Leaves the benchmark that is running out where the place is a deployment: it is worked, and not broken.
    pub(super) fn may_break(&self, users: &Runtime) {
        let Some(api) = &self.deployed else { return *self.noted.get_or_init(|| self.note(users)) };
        let reason = format!("the parts behind {} are not ours to break", api.base());
        self.leave_out("faults/*", &reason, "unset API_URL to measure faults on a platform of ours")
    }

    /// Leaves the benchmark that is running out, with all that `rows` names, where the place is a deployment: its memory
    /// is not to be seen, and that of the users is not meant.
    pub(super) fn must_be_here(&self, rows: &str) {
        let Some(api) = &self.deployed else { return };
        let reason = format!("the memory of what is behind {} is not to be seen from here", api.base());
        self.leave_out(rows, &reason, "unset API_URL to measure that of a platform of ours")
    }

    /// Leaves the benchmark that is running out, with all that `rows` names.
    pub(super) fn leave_out(&self, rows: &str, reason: &str, remedy: &str) -> ! {
        let noted = self.facts.note_row_not_run(rows, reason, remedy);
        noted.unwrap_or_else(|error| panic!("{error}"));
        skip()
    }

    /// Notes what is about to be measured, once a deployment has shown that it answers.
    fn note(&self, users: &Runtime) {
        let facts = self.deployed.as_ref().map_or_else(platform::facts, |api| {
            users.block_on(api.rehearse()).unwrap_or_else(|error| deployment::exit(&error));
            api.facts()
        });
        self.facts.note_engine(&facts).unwrap_or_else(|error| panic!("{error}"));
    }
}

fn driven<T: Target>(users: &Runtime, load: &Load, target: T) -> Recording {
    let driven: Result<Recording, LoadError> = users.block_on(drive(load, Arc::new(target)));
    driven.unwrap_or_else(|error| panic!("{error}"))
}
