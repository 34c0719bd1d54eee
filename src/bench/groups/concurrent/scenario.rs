//! One population at work.

use std::cell::OnceCell;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::place::Place;
use crate::bench::load::{Load, Model, Population, Recording};

/// The seed of what users do.
const SEED: u64 = 5;

/// A population that is recorded when somebody first asks.
pub(super) struct Scenario<'u> {
    users: &'u Runtime,
    place: &'u Place,
    count: usize,
    length: Duration,
    recording: OnceCell<Recording>,
}

impl<'u> Scenario<'u> {
    pub(super) fn new(users: &'u Runtime, place: &'u Place, count: usize, length: Duration) -> Self {
        Self { users, place, count, length, recording: OnceCell::new() }
    }

    /// What the population saw. Failures are told on stderr.
    pub(super) fn recording(&self) -> &Recording {
        self.recording.get_or_init(|| {
            let recording = probe(self.users, self.place, self.count, self.length);
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

/// Has `count` users, on their own runtime, work the place for `length`.
pub(super) fn probe(users: &Runtime, place: &Place, count: usize, length: Duration) -> Recording {
    let model = Model::Closed(Population::new(count, place.think()));
    let load = Load::new(format!("{count} users"), model, length);
    place.drive(users, &Load { deadline: place.deadline(), seed: SEED, ..load })
}
