//! The `api` category on a deployment: the operations of its mix take the place of the endpoints.
//!
//! - `response/<operation>`: one operation at a time, by one user.
//! - `concurrent/<operations>x<at once>`: the mix by as many users at once, each with its next operation as soon as the
//!   last is answered.
//! - `throughput`, `response_p95`: the same, in batches of 200 by 16 users.
//!
//! Where a cap on the rate of requests is set, batches are no larger than what it lets through in a second. A failed
//! operation counts with the deadline as its time, and a client whose operation failed as one that waited so long. When
//! twenty fail in a row, the category has failed.

mod client;

use std::cell::LazyCell;
use std::time::Duration;

use criterion::Throughput;
use tokio::runtime::Runtime;

use self::client::Clients;
use super::BATCH;
use crate::bench::deployment::{self, DeployedApi};
use crate::bench::groups::times::{mean, of_stretches};
use crate::bench::load::{Mix, Operation, Target};
use crate::bench::{Facts, Harness, Unit, harness};

/// Runs every benchmark of the `api` category on `api`.
pub(super) fn run(harness: &mut Harness, api: &DeployedApi) {
    let (runtime, facts) = (harness::runtime(), harness.facts());
    let stage = LazyCell::new(|| Stage::new(&runtime, api, &facts));
    responses(harness, &stage, &api.mix());
    let fitting = |(most, at_once): (usize, usize)| (fitting(most, api), at_once.min(api.users().count));
    let (requests, at_once) = fitting(harness.sizes().api_requests);
    batches(harness, &stage, &format!("concurrent/{requests}x{at_once}"), (requests, at_once));
    batches(harness, &stage, "throughput", fitting(BATCH));
    percentile(harness, &stage, fitting(BATCH));
}

fn responses<'a>(harness: &mut Harness, stage: &LazyCell<Stage<'a>, impl FnOnce() -> Stage<'a>>, mix: &Mix) {
    let time = harness.recording_time();
    for operation in mix.operations() {
        let id = format!("response/{}", mix.name(operation));
        harness.replay(&id, Unit::Time, |samples| stage.responses(operation, samples, time));
    }
}

fn percentile<'a>(
    harness: &mut Harness,
    stage: &LazyCell<Stage<'a>, impl FnOnce() -> Stage<'a>>,
    batch: (usize, usize),
) {
    harness.replay("response_p95", Unit::Time, |samples| {
        let one = || stage.runtime.block_on(stage.clients.batch(batch)).percentile(95);
        (0..samples).map(|_| one()).collect()
    });
}

/// As many operations as a cap lets through in a second, `most` at most.
fn fitting(most: usize, api: &DeployedApi) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cap is from 0.01 to a million"
    )]
    api.users().cap.map_or(most, |cap| most.min(cap.ceil() as usize))
}

fn batches<'a>(
    harness: &mut Harness,
    stage: &LazyCell<Stage<'a>, impl FnOnce() -> Stage<'a>>,
    id: &str,
    (requests, at_once): (usize, usize),
) {
    harness.time_slow(id, Some(Throughput::Elements(requests as u64)), |bencher| {
        let stage = &**stage;
        bencher.iter_custom(|batches| {
            (0..batches).map(|_| stage.runtime.block_on(stage.clients.batch((requests, at_once))).time).sum()
        });
    });
}

/// A deployment that answered each operation once.
struct Stage<'a> {
    runtime: &'a Runtime,
    clients: Clients,
}

impl<'a> Stage<'a> {
    fn new(runtime: &'a Runtime, api: &DeployedApi, facts: &Facts) -> Self {
        runtime.block_on(api.rehearse()).unwrap_or_else(|error| deployment::exit(&error));
        facts.note_engine(&api.facts()).unwrap_or_else(|error| panic!("{error}"));
        Self { runtime, clients: Clients::new(api.clone()) }
    }

    /// The mean times, in nanoseconds, of `samples` stretches of what one user does in `time`.
    fn responses(&self, operation: Operation, samples: usize, time: Duration) -> Vec<f64> {
        let times = self.runtime.block_on(self.clients.alone(operation, samples, time));
        of_stretches(&times, samples, mean)
    }
}
