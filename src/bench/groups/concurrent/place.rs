//! What populations work: a fresh platform each.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::FASTER;
use crate::backend::agent::LatencyProfile;
use crate::bench::Session;
use crate::bench::harness::runtime;
use crate::bench::load::{ApiTarget, Load, Recording, drive};

/// Events in the database of a platform, which users query.
const EVENTS: usize = 10_000;

/// The mean time between a user's operations: short, so that a scenario of seconds sees hundreds of them.
const THINK: Duration = Duration::from_millis(500);

/// The longest that an operation may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// What is worked.
pub(super) struct Place {
    most: usize,
    think: Duration,
    deadline: Duration,
    events: usize,
}

impl Place {
    /// Platforms.
    pub(super) fn here() -> Self {
        Self { most: usize::MAX, think: THINK, deadline: DEADLINE, events: EVENTS }
    }

    /// The most users that may come at the same time.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The mean time between a user's operations.
    pub(super) fn think(&self) -> Duration {
        self.think
    }

    /// The longest that an operation may take.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Has the users of `load`, on the runtime `users`, work a fresh platform on a runtime of its own.
    ///
    /// # Panics
    /// The platform does not start, or the load would do nothing.
    pub(super) fn drive(&self, users: &Runtime, load: &Load) -> Recording {
        let backend = runtime();
        let session = Session::start(&backend, LatencyProfile::typical().faster(FASTER), self.events);
        let target = ApiTarget::new(&session.server.url("")).unwrap_or_else(|error| panic!("{error}"));
        users.block_on(drive(load, Arc::new(target))).unwrap_or_else(|error| panic!("{error}"))
    }
}
