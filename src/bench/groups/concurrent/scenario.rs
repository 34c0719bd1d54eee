//! One population at work on a fresh backend.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::FASTER;
use crate::backend::agent::LatencyProfile;
use crate::bench::Session;
use crate::bench::harness::runtime;
use crate::bench::load::{ApiTarget, Load, Model, Population, Recording, drive};

/// Events in the database that users query.
const EVENTS: usize = 10_000;

/// The mean time between a user's operations: short, so that a scenario of seconds sees hundreds of them.
const THINK: Duration = Duration::from_millis(500);

/// The longest that an operation may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// The seed of what users do.
const SEED: u64 = 5;

/// A population that is recorded when somebody first asks.
pub(super) struct Scenario<'u> {
    users: &'u Runtime,
    count: usize,
    length: Duration,
    recording: OnceCell<Recording>,
}

impl<'u> Scenario<'u> {
    pub(super) fn new(users: &'u Runtime, count: usize, length: Duration) -> Self {
        Self { users, count, length, recording: OnceCell::new() }
    }

    /// What the population saw. Failures are told on stderr.
    pub(super) fn recording(&self) -> &Recording {
        self.recording.get_or_init(|| {
            let recording = probe(self.users, self.count, self.length);
            let whole = recording.whole();
            if whole.failures > 0 {
                eprintln!("concurrent: {} users saw failures\n{recording}", self.count);
            }
            assert!(
                whole.failures < whole.operations,
                "no operation of {} users succeeded:\n{recording}",
                self.count
            );
            recording
        })
    }
}

/// Has `count` users, on their own runtime, work a fresh backend on another for `length`.
pub(super) fn probe(users: &Runtime, count: usize, length: Duration) -> Recording {
    let backend = runtime();
    let session = Session::start(&backend, LatencyProfile::typical().faster(FASTER), EVENTS);
    let target = ApiTarget::new(&session.server.url("")).unwrap_or_else(|error| panic!("{error}"));
    let model = Model::Closed(Population::new(count, THINK));
    let load = Load { deadline: DEADLINE, seed: SEED, ..Load::new(format!("{count} users"), model, length) };
    users.block_on(drive(&load, Arc::new(target))).unwrap_or_else(|error| panic!("{error}"))
}
