//! One publisher and its receivers in one room.

use std::time::{Duration, Instant};

use criterion::Bencher;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Server;
use super::client::Client;
use crate::backend::broadcaster::{BroadcasterConfig, SlowConsumer};

const PAYLOAD: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// Connections that receive, one that publishes, and what it publishes.
///
/// The server comes last, and so shuts down when its peers have gone.
pub struct Audience {
    publisher: Client,
    receivers: Vec<Client>,
    commands: Vec<Utf8Bytes>,
    expected: Vec<Utf8Bytes>,
    server: Server,
}

impl Audience {
    /// Queues hold a whole run of messages, and a receiver whose queue overflows is disconnected, which would fail
    /// the benchmark: every message counted was delivered.
    pub fn gather(connections: usize, messages: usize) -> Self {
        let slow_consumer = SlowConsumer::Disconnect;
        let server = Server::start(BroadcasterConfig {
            queue_capacity: messages,
            slow_consumer,
            ..Default::default()
        });
        let publisher = server.connect();
        let receivers = (0..connections).map(|_| server.runtime.block_on(join(server.connect()))).collect();
        let commands = texts(messages, "publish");
        Self { server, publisher, receivers, commands, expected: texts(messages, "message") }
    }

    pub fn time(&mut self, bencher: &mut Bencher<'_>) {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| self.once()).sum());
    }

    /// The time from the first message published to the last one received.
    fn once(&mut self) -> Duration {
        let Self { server, publisher, receivers, commands, expected } = self;
        let connections = receivers.len();
        let (elapsed, answers, received) = server.runtime.block_on(async {
            let mut receiving: JoinSet<_> =
                receivers.drain(..).map(|client| receive(client, expected.len())).collect();
            let started = Instant::now();
            let answers = publisher.ask_all(commands).await;
            let mut received = Vec::with_capacity(connections);
            while let Some(done) = receiving.join_next().await {
                received.push(done.expect("a receiver that does not panic"));
            }
            (started.elapsed(), answers, received)
        });
        let published = format!(r#"{{"published":{{"room":"audience","receivers":{connections}}}}}"#);
        assert!(answers.iter().all(|answer| *answer == published), "not everybody was sent everything");
        assert!(received.iter().all(|(_, texts)| texts == expected), "not everybody received everything");
        receivers.extend(received.into_iter().map(|(client, _)| client));
        elapsed
    }
}

async fn join(mut client: Client) -> Client {
    assert_eq!(client.ask(r#"{"join":"audience"}"#).await, r#"{"joined":"audience"}"#);
    client
}

async fn receive(mut client: Client, messages: usize) -> (Client, Vec<Utf8Bytes>) {
    let texts = client.receive_all(messages).await;
    (client, texts)
}

/// The messages of one run, in their order: as the publisher sends or as the receivers get them.
fn texts(messages: usize, kind: &str) -> Vec<Utf8Bytes> {
    let text = |id| {
        format!(r#"{{"{kind}":{{"room":"audience","payload":{{"id":{id},"text":"{PAYLOAD}"}}}}}}"#).into()
    };
    (0..messages).map(text).collect()
}
