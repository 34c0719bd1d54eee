//! The `websocket` group: the broadcaster and its clients over loopback TCP, in one process.
//!
//! Times are therefore those of both sides: they include what a client spends on its frames.
//!
//! On a user's deployment, `websocket/deployed.rs` measures its WebSocket in place of the hub.

pub mod client;
mod deployed;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use criterion::{Bencher, Throughput};
use futures_util::future::try_join_all;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::backend::broadcaster::{BroadcasterConfig, SlowConsumer};
use crate::bench::measurement::percentile;
use crate::bench::{Harness, Unit, deployment};
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

/// Connections that receive, one that publishes, and what it publishes.
///
/// The server is dropped last: it shuts down when its peers have closed.
struct BroadcastFixture {
    publisher: HubClient,
    receivers: Vec<HubClient>,
    commands: Vec<Utf8Bytes>,
    expected: Vec<Utf8Bytes>,
    server: HubServer,
}

impl BroadcastFixture {
    /// Queues hold all messages of an iteration. A receiver whose queue overflows is disconnected, which fails the
    /// benchmark: every message counted was delivered.
    pub fn new(connections: usize, messages: usize) -> Self {
        let slow_consumer = SlowConsumer::Disconnect;
        let config = BroadcasterConfig { queue_capacity: messages, slow_consumer, ..Default::default() };
        let server = HubServer::start(config);
        let publisher = server.connect();
        let receivers = (0..connections).map(|_| server.runtime.block_on(join(server.connect()))).collect();
        let commands = broadcast_texts(messages, "publish");
        Self { server, publisher, receivers, commands, expected: broadcast_texts(messages, "message") }
    }

    pub fn time(&mut self, bencher: &mut Bencher<'_>) {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| self.publish_all()).sum());
    }

    /// The time from the first message published to the last one received.
    fn publish_all(&mut self) -> Duration {
        let Self { server, publisher, receivers, commands, expected } = self;
        let (elapsed, answers, received) = server.runtime.block_on(async {
            let receive = |client| tokio::spawn(receive(client, expected.len()));
            let receiving: Vec<_> = receivers.drain(..).map(receive).collect();
            let started = Instant::now();
            let answers = publisher.ask_all(commands).await;
            let received = try_join_all(receiving).await.expect("a receiver that does not panic");
            (started.elapsed(), answers, received)
        });
        let published = format!(r#"{{"published":{{"room":"audience","receivers":{}}}}}"#, received.len());
        assert!(answers.iter().all(|answer| *answer == published), "a receiver's queue refused a message");
        assert!(received.iter().all(|(_, texts)| texts == expected), "a receiver missed a message");
        receivers.extend(received.into_iter().map(|(client, _)| client));
        elapsed
    }
}

async fn join(mut client: HubClient) -> HubClient {
    assert_eq!(client.ask(r#"{"join":"audience"}"#).await, r#"{"joined":"audience"}"#);
    client
}

async fn receive(mut client: HubClient, messages: usize) -> (HubClient, Vec<Utf8Bytes>) {
    let texts = client.receive_all(messages).await;
    (client, texts)
}

/// The messages of one iteration, in their order, as the publisher sends or as the receivers get them.
fn broadcast_texts(messages: usize, kind: &str) -> Vec<Utf8Bytes> {
    let text =
        |id| format!(r#"{{"{kind}":{{"room":"audience","payload":{{"id":{id},"text":"{TEXT}"}}}}}}"#).into();
    (0..messages).map(text).collect()
}
