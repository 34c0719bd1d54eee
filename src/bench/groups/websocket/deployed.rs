//! The `websocket` category on a deployment: rows that any WebSocket server can answer.
//!
//! - `connect`: a new connection: TCP, TLS if the scheme is `wss`, and the handshake. Its close is not timed.
//! - `round_trip_p95`: the 95th percentile of pings and their pongs, one after the other on one connection (RFC 6455,
//!   section 5.5.2).
//!
//! Echoes and broadcasts are commands of our own hub, so `throughput` and `broadcast` are not run. A failure or a missed
//! deadline ends the category.

use std::cell::LazyCell;
use std::fmt::Display;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::bench::deployment::{self, DeployedApi, Socket};
use crate::bench::load::Failure;
use crate::bench::measurement::{mean, of_stretches, percentile};
use crate::bench::{Harness, MetadataWriter, Unit, harness};

/// The fewest pings of one percentile.
const MIN_PINGS: usize = 20;

/// Runs every benchmark of the `websocket` category on `api`.
pub(super) fn run(harness: &mut Harness, api: &DeployedApi) {
    let (messages, (connections, published)) = (harness.sizes().messages, harness.sizes().broadcast);
    for id in [format!("throughput/{messages}"), format!("broadcast/{connections}x{published}")] {
        leave_out(harness, &id, "only our own hub knows its commands");
    }
    if api.has_socket() {
        return measure(harness, api);
    }
    for id in ["connect", "round_trip_p95"] {
        leave_out(harness, id, "users of the deployment use no WebSocket, and WS_URL names none");
    }
}

fn leave_out(harness: &mut Harness, id: &str, reason: &str) {
    let metadata = harness.metadata();
    harness.time(id, None, |_| {
        harness::leave_out(&metadata, id, reason, "unset API_URL to measure a backend in this process")
    });
}

fn measure(harness: &mut Harness, api: &DeployedApi) {
    let (runtime, metadata) = (harness::runtime(), harness.metadata());
    let fixture = LazyCell::new(|| DeploymentFixture::new(&runtime, api, &metadata));
    let time = harness.recording_time();
    harness.replay("connect", Unit::Time, |samples| runtime.block_on(fixture.connections(samples, time)));
    harness
        .replay("round_trip_p95", Unit::Time, |samples| runtime.block_on(fixture.round_trips(samples, time)));
}

/// A deployment whose WebSocket has answered once.
struct DeploymentFixture<'a> {
    api: &'a DeployedApi,
}

impl<'a> DeploymentFixture<'a> {
    fn new(runtime: &Runtime, api: &'a DeployedApi, metadata: &MetadataWriter) -> Self {
        runtime.block_on(api.rehearse_socket()).unwrap_or_else(|error| deployment::exit(&error));
        metadata.record_engine(&api.metadata()).unwrap_or_else(|error| panic!("{error}"));
        Self { api }
    }

    /// Connects for `time`, one connection after the other. Returns the mean times, in nanoseconds, of `samples` parts.
    async fn connections(&self, samples: usize, time: Duration) -> Vec<f64> {
        let (started, mut times) = (Instant::now(), Vec::new());
        while times.len() < samples || started.elapsed() < time {
            times.push(self.connect().await);
        }
        of_stretches(&times, samples, mean)
    }

    /// The time of a connection, which is closed after one ping.
    async fn connect(&self) -> Duration {
        self.api.admit(2).await;
        let started = Instant::now();
        let mut socket = self.in_time(self.api.socket()).await;
        let elapsed = started.elapsed();
        self.in_time(socket.ping(0)).await;
        // A server may leave the close frame unanswered.
        let _ = timeout(self.api.users().deadline, socket.leave()).await;
        elapsed
    }

    /// Pings on one connection for `time`. Returns the 95th percentiles, in nanoseconds, of `samples` parts.
    async fn round_trips(&self, samples: usize, time: Duration) -> Vec<f64> {
        self.api.admit(1).await;
        let mut socket = self.in_time(self.api.socket()).await;
        let (started, mut times) = (Instant::now(), Vec::new());
        while times.len() < samples * MIN_PINGS || started.elapsed() < time {
            times.push(self.ping(&mut socket, times.len() as u64).await);
        }
        of_stretches(&times, samples, |times| percentile(times, 95))
    }

    async fn ping(&self, socket: &mut Socket, number: u64) -> Duration {
        self.api.admit(1).await;
        let started = Instant::now();
        self.in_time(socket.ping(number)).await;
        started.elapsed()
    }

    /// # Panics
    /// `asked` fails, or takes longer than the deadline.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Failure>>) -> T {
        let deadline = self.api.users().deadline;
        match timeout(deadline, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => self.failed(&failure),
            Err(_) => self.failed(&format_args!("no answer in {deadline:?}")),
        }
    }

    fn failed(&self, why: &dyn Display) -> ! {
        panic!("the WebSocket of {}: {}", self.api.base(), self.api.redact(&why.to_string()))
    }
}
