//! The broadcaster of this project.

use std::time::Duration;

use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig, SlowConsumer};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::client_async;

use super::receivers::Receivers;
use super::{CONNECTIONS, Contestant, PAYLOAD, ROOM, frame, server};

pub struct Ours {
    hub: Broadcaster,
    _runtime: Runtime,
}

impl Ours {
    /// Who falls behind by more than all messages of a round is disconnected, and then the round does not end. The
    /// receivers only read, so they are asked for no sign of life.
    pub fn start() -> (Self, Receivers) {
        let config = BroadcasterConfig {
            queue_capacity: 10_000,
            slow_consumer: SlowConsumer::Disconnect,
            heartbeat: Duration::from_hours(1),
            ..BroadcasterConfig::default()
        };
        let (hub, runtime) = (Broadcaster::new(config), server());
        let sockets = runtime.block_on(async {
            let address = hub.listen("127.0.0.1:0").await.expect("a port on loopback");
            let mut sockets = Vec::with_capacity(CONNECTIONS);
            for _ in 0..CONNECTIONS {
                sockets.push(join(&address.to_string()).await);
            }
            sockets
        });
        (Self { hub, _runtime: runtime }, Receivers::start(sockets, &frame()))
    }
}

/// The socket of a client in the room.
async fn join(address: &str) -> std::net::TcpStream {
    let socket = TcpStream::connect(address).await.expect("a connection");
    let (mut client, _) = client_async(format!("ws://{address}"), socket).await.expect("a handshake");
    client.send(format!(r#"{{"join":"{ROOM}"}}"#).into()).await.expect("a hub that listens");
    client.next().await.expect("an answer").expect("an answer");
    client.into_inner().into_std().expect("a socket")
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "backend-bench's broadcaster"
    }

    fn publish(&mut self, messages: usize) {
        for _ in 0..messages {
            assert_eq!(self.hub.publish(ROOM, PAYLOAD).expect("a text"), CONNECTIONS);
        }
    }
}
