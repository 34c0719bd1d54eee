//! The `websocket` group: the broadcaster and its clients over loopback TCP, in one process.
//!
//! Times are therefore those of both sides: they include what a client spends on its frames.
//!
//! On a user's deployment, `websocket/deployed.rs` measures its WebSocket in place of the hub.

mod broadcast;
pub mod client;
mod deployed;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use criterion::{Bencher, Throughput};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::backend::broadcaster::BroadcasterConfig;
use crate::bench::measurement::percentile;
use crate::bench::{Harness, Unit, deployment};

use broadcast::BroadcastFixture;
use client::{HubClient, HubServer, TEXT};

/// Runs every benchmark of the `websocket` category: on the deployment that `API_URL` and `WS_URL` name, else on a hub in
/// this process.
///
/// Ends the process with 2 if there is a deployment and no load can be sent to it.
pub fn run(harness: &mut Harness) {
    match deployment::api_or_exit() {
        Some(api) => deployed::run(harness, &api),
        None => run_hub(harness),
    }
}

fn run_hub(harness: &mut Harness) {
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
    let mut fixture = None;
    harness.time(&format!("broadcast/{connections}x{messages}"), deliveries, |bencher| {
        fixture.get_or_insert_with(|| BroadcastFixture::new(connections, messages)).time(bencher);
    });
}

/// Times `messages` echoes through one connection, all sent before the first is awaited.
fn throughput(bencher: &mut Bencher<'_>, messages: usize) {
    let server = HubServer::start(BroadcasterConfig::default());
    let mut client = server.connect();
    let commands = echo_commands(messages);
    bencher.iter_custom(|iterations| {
        (0..iterations).map(|_| server.runtime.block_on(echo_all(&mut client, &commands))).sum()
    });
}

/// Times a new connection: TCP and the WebSocket handshake. Its close is not timed.
fn connect(bencher: &mut Bencher<'_>) {
    let server = HubServer::start(BroadcasterConfig::default());
    bencher.iter_custom(|iterations| {
        (0..iterations).map(|_| server.runtime.block_on(connect_once(server.address))).sum()
    });
}

async fn connect_once(address: SocketAddr) -> Duration {
    let started = Instant::now();
    let mut client = HubClient::connect(address).await;
    let elapsed = started.elapsed();
    assert_eq!(client.ask(r#""ping""#).await, r#""pong""#, "the connection cannot be used");
    client.close().await;
    elapsed
}

/// Each sample is the 95th percentile, in nanoseconds, of round trips one after the other.
fn round_trips(samples: usize, messages: usize) -> Vec<f64> {
    let server = HubServer::start(BroadcasterConfig::default());
    let mut client = server.connect();
    let commands = echo_commands(messages);
    let sample = |_| percentile(&server.runtime.block_on(echo_each(&mut client, &commands)), 95);
    (0..samples).map(sample).collect()
}

/// Echo commands, all of them different.
fn echo_commands(messages: usize) -> Vec<Utf8Bytes> {
    (0..messages).map(|id| format!(r#"{{"echo":{{"id":{id},"text":"{TEXT}"}}}}"#).into()).collect()
}

async fn echo_all(client: &mut HubClient, commands: &[Utf8Bytes]) -> Duration {
    let started = Instant::now();
    let answers = client.ask_all(commands).await;
    let elapsed = started.elapsed();
    assert!(answers == commands, "the hub echoed something else");
    elapsed
}

async fn echo_each(client: &mut HubClient, commands: &[Utf8Bytes]) -> Vec<Duration> {
    let mut times = Vec::with_capacity(commands.len());
    for command in commands {
        let started = Instant::now();
        let answer = client.ask(command.clone()).await;
        times.push(started.elapsed());
        assert_eq!(answer, *command, "the hub echoed something else");
    }
    times
}
