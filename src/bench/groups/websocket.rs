//! The `websocket` group: the broadcaster and its clients over loopback TCP, in one process.
//!
//! Times are therefore those of both sides: what a client spends on its frames is part of them.
//!
//! On the user's own deployment its WebSocket takes the hub's place (`websocket/deployed.rs`).

mod broadcast;
pub mod client;
mod deployed;
mod echo;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use criterion::{Bencher, Throughput};
use tokio::runtime::Runtime;

use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::bench::harness::runtime;
use crate::bench::{Harness, Unit, deployment};

use broadcast::Audience;
use client::Client;

/// Runs every benchmark of the `websocket` category: on the deployment that `API_URL` and `WS_URL` name, else on a hub in
/// this process.
///
/// Ends the process with 2 where there is a deployment and no load can be sent to it.
pub fn run(harness: &mut Harness) {
    match deployment::api_or_exit() {
        Some(api) => deployed::run(harness, &api),
        None => of_hub(harness),
    }
}

fn of_hub(harness: &mut Harness) {
    let (messages, (connections, published)) = (harness.sizes().messages, harness.sizes().broadcast);
    let echoes = Some(Throughput::Elements(messages as u64));
    harness.time(&format!("throughput/{messages}"), echoes, |bencher| throughput(bencher, messages));
    broadcast(harness, connections, published);
    harness.time("connect", None, connect);
    harness.replay("round_trip_p95", Unit::Time, |samples| round_trips(samples, messages));
}

/// Counts deliveries: each message to each of the connections.
fn broadcast(harness: &mut Harness, connections: usize, messages: usize) {
    let deliveries = Some(Throughput::Elements((connections * messages) as u64));
    let mut audience = None;
    harness.time(&format!("broadcast/{connections}x{messages}"), deliveries, |bencher| {
        audience.get_or_insert_with(|| Audience::gather(connections, messages)).time(bencher);
    });
}

/// A hub that listens on loopback, the runtime of both sides, and the address.
struct Server {
    runtime: Runtime,
    hub: Broadcaster,
    address: SocketAddr,
}

impl Server {
    fn start(config: BroadcasterConfig) -> Self {
        let (runtime, hub) = (runtime(), Broadcaster::new(config));
        let address = runtime.block_on(hub.listen("127.0.0.1:0")).expect("a port on loopback");
        Self { runtime, hub, address }
    }

    fn connect(&self) -> Client {
        self.runtime.block_on(Client::connect(self.address))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.block_on(self.hub.shutdown());
    }
}

/// As many echoes as there are messages, through one connection, sent without waiting for one another.
fn throughput(bencher: &mut Bencher<'_>, messages: usize) {
    let server = Server::start(BroadcasterConfig::default());
    let mut client = server.connect();
    let commands = echo::commands(messages);
    bencher.iter_custom(|iterations| {
        (0..iterations).map(|_| server.runtime.block_on(echo::all(&mut client, &commands))).sum()
    });
}

/// From nothing to a connection that can be used: TCP and the WebSocket handshake. The goodbye is not timed.
fn connect(bencher: &mut Bencher<'_>) {
    let server = Server::start(BroadcasterConfig::default());
    bencher.iter_custom(|iterations| {
        (0..iterations).map(|_| server.runtime.block_on(connect_once(server.address))).sum()
    });
}

async fn connect_once(address: SocketAddr) -> Duration {
    let started = Instant::now();
    let mut client = Client::connect(address).await;
    let elapsed = started.elapsed();
    assert_eq!(client.ask(r#""ping""#).await, r#""pong""#, "the connection cannot be used");
    client.leave().await;
    elapsed
}

/// Each sample is the 95th percentile, in nanoseconds, of round trips that wait for one another.
fn round_trips(samples: usize, messages: usize) -> Vec<f64> {
    let server = Server::start(BroadcasterConfig::default());
    let mut client = server.connect();
    let commands = echo::commands(messages);
    (0..samples).map(|_| server.runtime.block_on(echo::percentile(&mut client, &commands, 0.95))).collect()
}
