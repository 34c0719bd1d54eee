//! One publisher and its receivers in one room.

use std::time::{Duration, Instant};

use criterion::Bencher;
use futures_util::future::try_join_all;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::client::{HubClient, HubServer, TEXT};
use crate::backend::broadcaster::{BroadcasterConfig, SlowConsumer};

/// Connections that receive, one that publishes, and what it publishes.
///
/// The server is dropped last: it shuts down when its peers have closed.
pub(super) struct BroadcastFixture {
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
        let commands = texts(messages, "publish");
        Self { server, publisher, receivers, commands, expected: texts(messages, "message") }
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
fn texts(messages: usize, kind: &str) -> Vec<Utf8Bytes> {
    let text =
        |id| format!(r#"{{"{kind}":{{"room":"audience","payload":{{"id":{id},"text":"{TEXT}"}}}}}}"#).into();
    (0..messages).map(text).collect()
}
