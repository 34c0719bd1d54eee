//! The `api` group: requests over loopback, with the client on the same machine and in the same process.
//!
//! - `response/<endpoint>`: one request on a connection that stays open, until the whole answer is there.
//! - `concurrent/<requests>x<at once>`: a mix of all endpoints by as many clients at once, each with its next request as
//!   soon as the last is answered.
//! - `throughput`: the same mix, in batches of 200 by 16 clients.
//! - `response_p95`: the 95th percentile of the requests of such a batch.
//!
//! The model behind the agent is simulated and answers at once: what is measured is the endpoint with its five calls
//! over HTTP, and no model. Analytics ask for one of a hundred ranges in turn, so that they come from the cache
//! until a run of the agent adds events.
//!
//! On the user's own deployment the operations of its mix take the place of the endpoints. Where a cap on the rate of
//! requests is set, batches are no larger than what it lets through in a second. A failed operation counts with the
//! deadline as its time. When twenty fail in a row, the category has failed.

mod endpoint;

use std::cell::{Cell, LazyCell};
use std::time::Duration;

use bench_gate::metadata::Engine;
use criterion::{Bencher, Throughput};
use tokio::runtime::Runtime;

use crate::backend::agent::LatencyProfile;
use crate::bench::deployment::{self, DeployedApi, DeployedSession};
use crate::bench::load::{Batch, Operation, Sample, Target, one_by_one};
use crate::bench::measurement::{mean, nanoseconds, of_stretches};
use crate::bench::{Harness, MetadataWriter, PlatformGuard, Unit, harness, platform};
use endpoint::{EndpointSession, Endpoints};

/// Requests of a batch, and how many of them at once.
type Size = (usize, usize);

/// The batch of `throughput`.
const BATCH: Size = (200, 16);

/// Runs every benchmark of the `api` category: on the deployment that `API_URL` names, else on a [`Platform`].
///
/// Ends the process with 2 where there is a deployment and no load can be sent to it.
///
/// [`Platform`]: crate::bench::Platform
pub fn run(harness: &mut Harness) {
    match deployment::api_or_exit() {
        Some(api) => on_deployment(harness, &api),
        None => on_platform(harness),
    }
}

fn on_platform(harness: &mut Harness) {
    let (runtime, metadata) = (harness::runtime(), harness.metadata());
    let platform = LazyCell::new(|| {
        record_engine(&metadata, &platform::metadata());
        PlatformGuard::start(&runtime, LatencyProfile::zero(), endpoint::EVENTS as usize)
    });
    let fixture = LazyCell::new(|| Fixture::new(&runtime, runtime.block_on(Endpoints::new(&platform))));
    let fixture = || LazyCell::force(&fixture);
    for (operation, name) in endpoint::mix().operations().zip(endpoint::names()) {
        harness.time(&format!("response/{name}"), None, |bencher| {
            let fixture = fixture();
            bencher.iter_custom(|requests| fixture.alone(operation, requests, Duration::ZERO).iter().sum());
        });
    }
    batches(harness, fixture, harness.sizes().api_requests, BATCH);
}

fn on_deployment(harness: &mut Harness, api: &DeployedApi) {
    let (runtime, metadata, time) = (harness::runtime(), harness.metadata(), harness.recording_time());
    let fixture = LazyCell::new(|| {
        runtime.block_on(api.rehearse()).unwrap_or_else(|error| deployment::exit(&error));
        record_engine(&metadata, &api.metadata());
        Fixture::new(&runtime, api.clone())
    });
    let fixture = || LazyCell::force(&fixture);
    for operation in api.mix().operations() {
        harness.replay(&format!("response/{}", api.mix().name(operation)), Unit::Time, |samples| {
            of_stretches(&fixture().alone(operation, samples as u64, time), samples, mean)
        });
    }
    batches(harness, fixture, fitting(harness.sizes().api_requests, api), fitting(BATCH, api));
}

fn record_engine(metadata: &MetadataWriter, engine: &Engine) {
    metadata.record_engine(engine).unwrap_or_else(|error| panic!("{error}"));
}

/// No more users than the deployment allows, and no more requests than its cap lets through in a second.
fn fitting((requests, users): Size, api: &DeployedApi) -> Size {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cap is from 0.01 to a million"
    )]
    let requests = api.users().cap.map_or(requests, |cap| requests.min(cap.ceil() as usize));
    (requests, users.min(api.users().count))
}

/// The benchmarks of many requests at once.
fn batches<'f, 'a: 'f, T: ApiUnderTest>(
    harness: &mut Harness,
    fixture: impl Fn() -> &'f Fixture<'a, T>,
    concurrent: Size,
    batch: Size,
) {
    let id = format!("concurrent/{}x{}", concurrent.0, concurrent.1);
    for (id, size) in [(&*id, concurrent), ("throughput", batch)] {
        let elements = Some(Throughput::Elements(size.0 as u64));
        harness.time_slow(id, elements, |bencher: &mut Bencher<'_>| {
            let fixture = fixture();
            bencher.iter_custom(|batches| (0..batches).map(|_| fixture.batch(size).time).sum());
        });
    }
    harness.replay("response_p95", Unit::Time, |samples| {
        let p95 = || {
            let fixture = fixture();
            nanoseconds(fixture.batch(batch).summary(fixture.target.deadline()).percentile(95.0))
        };
        (0..samples).map(|_| p95()).collect()
    });
}

/// An API, and what this group needs to know of it.
trait ApiUnderTest: Target {
    /// The longest that an operation may take.
    fn deadline(&self) -> Duration;

    /// Checks what sessions kept of their answers.
    ///
    /// # Panics
    /// One is wrong.
    fn check(&self, sessions: &mut [Self::Session]);

    /// # Panics
    /// No operation may fail here.
    fn failed(&self, operation: Operation, sample: &Sample);
}

impl ApiUnderTest for Endpoints {
    fn deadline(&self) -> Duration {
        endpoint::DEADLINE
    }

    fn check(&self, sessions: &mut [EndpointSession]) {
        sessions.iter_mut().for_each(|session| session.check(self));
    }

    fn failed(&self, operation: Operation, sample: &Sample) {
        panic!("/{}: {:?}", self.mix().name(operation), sample.failure);
    }
}

impl ApiUnderTest for DeployedApi {
    fn deadline(&self) -> Duration {
        self.users().deadline
    }

    fn check(&self, _: &mut [DeployedSession]) {}

    fn failed(&self, operation: Operation, sample: &Sample) {
        let (name, failure) = (self.mix().name(operation).to_owned(), sample.failure.as_ref());
        eprintln!(
            "api: operations failed, such as {name}: {}",
            failure.map(ToString::to_string).unwrap_or_default()
        );
    }
}

/// A target, and the runtime of its clients.
struct Fixture<'a, T> {
    runtime: &'a Runtime,
    target: T,
    /// Whether a failure was reported.
    reported: Cell<bool>,
}

impl<'a, T: ApiUnderTest> Fixture<'a, T> {
    fn new(runtime: &'a Runtime, target: T) -> Self {
        Self { runtime, target, reported: Cell::new(false) }
    }

    /// The times of `operation`, one after the other for `time`, and `fewest` at least.
    fn alone(&self, operation: Operation, fewest: u64, time: Duration) -> Vec<Duration> {
        let (mut session, deadline) = (self.target.session(0), self.target.deadline());
        let effort = (usize::try_from(fewest).unwrap_or(usize::MAX), time);
        let samples = self.runtime.block_on(one_by_one(&mut session, operation, effort, deadline));
        self.check(&samples, &mut [session]);
        samples.iter().map(|sample| sample.counted(deadline)).collect()
    }

    /// `requests` of the mix by so many clients.
    fn batch(&self, (requests, at_once): Size) -> Batch<T::Session> {
        let (operations, deadline) = (self.target.mix().spread(requests), self.target.deadline());
        let mut batch = self.runtime.block_on(Batch::run(&self.target, operations, at_once, deadline));
        self.check(&batch.samples, &mut batch.sessions);
        batch
    }

    fn check(&self, samples: &[Sample], sessions: &mut [T::Session]) {
        self.target.check(sessions);
        let failed = samples.iter().find(|sample| sample.failure.is_some() && !self.reported.get());
        if let Some(failed) = failed {
            self.reported.set(true);
            self.target.failed(failed.operation, failed);
        }
    }
}
