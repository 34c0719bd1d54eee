//! The `api` group: requests over loopback, with the client on the same machine and in the same process.
//!
//! - `response/<endpoint>`: one request on a connection that stays open, until the whole answer is there.
//! - `concurrent/<requests>x<at once>`: a mix of all endpoints by as many clients at once, each with a connection of
//!   its own and its next request as soon as the last is answered.
//! - `throughput`: the same mix, in batches of 200 over 16 connections.
//! - `response_p95`: the 95th percentile of the requests of such a batch.
//!
//! On the user's own deployment the operations of its mix take the place of the endpoints (`api/deployed.rs`).
//!
//! The model behind the agent is simulated and answers at once: what is measured is the endpoint with its five calls
//! over HTTP, and no model. Analytics ask for one of a hundred ranges in turn, so that they come from the cache
//! until a run of the agent adds events.

mod deployed;
mod endpoint;
mod load;

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use criterion::Throughput;
use tokio::runtime::Runtime;

use crate::backend::agent::LatencyProfile;
use crate::bench::groups::times;
use crate::bench::{Facts, Harness, Session, Unit, deployment, harness, platform};
use endpoint::{Endpoint, Target};
use load::Batch;

/// Events in the database, of which each analytics query adds up 500.
const EVENTS: u32 = 10_000;

/// Requests of one batch of `throughput`, and how many of them at once.
const BATCH: (usize, usize) = (200, 16);

/// Runs every benchmark of the `api` category: on the deployment that `API_URL` names, else on a [`Platform`].
///
/// Ends the process with 2 where there is a deployment and no load can be sent to it.
///
/// [`Platform`]: crate::bench::Platform
pub fn run(harness: &mut Harness) {
    match deployment::api_or_exit() {
        Some(api) => deployed::run(harness, &api),
        None => of_platform(harness),
    }
}

fn of_platform(harness: &mut Harness) {
    let (runtime, facts) = (harness::runtime(), harness.facts());
    let stage = LazyCell::new(|| Stage::new(&runtime, &facts));
    for endpoint in Endpoint::ALL {
        response(harness, &stage, endpoint);
    }
    let (requests, at_once) = harness.sizes().api_requests;
    let id = format!("concurrent/{requests}x{at_once}");
    harness.time_slow(&id, Some(Throughput::Elements(requests as u64)), |bencher| {
        let stage = &*stage;
        bencher.iter_custom(|batches| stage.batches(batches, requests, at_once));
    });
    throughput(harness, &stage);
    harness.replay("response_p95", Unit::Time, |samples| {
        let stage = &*stage;
        (0..samples).map(|_| stage.percentile(95)).collect()
    });
}

fn response<'a>(
    harness: &mut Harness,
    stage: &LazyCell<Stage<'a>, impl FnOnce() -> Stage<'a>>,
    endpoint: Endpoint,
) {
    harness.time(&format!("response/{}", endpoint.name()), None, |bencher| {
        let stage = &**stage;
        bencher.iter_custom(|requests| {
            (0..requests).map(|turn| stage.runtime.block_on(stage.response(endpoint, turn))).sum()
        });
    });
}

fn throughput<'a>(harness: &mut Harness, stage: &LazyCell<Stage<'a>, impl FnOnce() -> Stage<'a>>) {
    let (requests, at_once) = BATCH;
    harness.time("throughput", Some(Throughput::Elements(requests as u64)), |bencher| {
        let stage = &**stage;
        bencher.iter_custom(|batches| stage.batches(batches, requests, at_once));
    });
}

/// A platform, and what requests to it are made of.
struct Stage<'a> {
    runtime: &'a Runtime,
    target: Target,
    /// Dropped last: shuts the platform down.
    _session: Session<'a>,
}

impl<'a> Stage<'a> {
    fn new(runtime: &'a Runtime, facts: &Facts) -> Self {
        facts.note_engine(&platform::facts()).unwrap_or_else(|error| panic!("{error}"));
        let session = Session::start(runtime, LatencyProfile::zero(), EVENTS as usize);
        let target = runtime.block_on(Target::new(&session));
        Self { runtime, target, _session: session }
    }

    /// The time from sending one request to the end of its answer.
    async fn response(&self, endpoint: Endpoint, turn: u64) -> Duration {
        let request = self.target.request(endpoint, turn);
        let start = Instant::now();
        let body = self.target.send(endpoint, request).await;
        let time = start.elapsed();
        self.target.check(endpoint, &body);
        time
    }

    fn batches(&self, batches: u64, requests: usize, at_once: usize) -> Duration {
        (0..batches).map(|_| self.batch(requests, at_once).time).sum()
    }

    fn batch(&self, requests: usize, at_once: usize) -> Batch {
        self.runtime.block_on(load::batch(&self.target, requests, at_once))
    }

    /// The time, in nanoseconds, that so many in a hundred requests of a batch of `throughput` kept to.
    fn percentile(&self, percent: usize) -> f64 {
        times::percentile(&self.batch(BATCH.0, BATCH.1).latencies, percent)
    }
}
