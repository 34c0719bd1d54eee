//! A WebSocket client of the hub.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join;
use futures_util::{SinkExt, Stream, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::bench::harness::runtime;

/// Far beyond any answer of a hub that works: a benchmark that waits longer has failed.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A client that sends commands to a hub and reads its messages. It panics if the hub does not answer: the benchmark has
/// failed.
#[derive(Debug)]
pub struct HubClient(WebSocketStream<TcpStream>);

impl HubClient {
    /// Connects to the hub that listens on `address`.
    ///
    /// # Panics
    /// There is no connection within [`DEADLINE`].
    pub async fn connect(address: SocketAddr) -> Self {
        let connecting = async {
            let socket = TcpStream::connect(address).await.expect("a connection to the hub");
            socket.set_nodelay(true).expect("a socket option");
            client_async(format!("ws://{address}"), socket).await.expect("a WebSocket handshake").0
        };
        Self(in_time("a connection", connecting).await)
    }

    /// Sends `command` and returns the next message.
    ///
    /// # Panics
    /// No message arrives within [`DEADLINE`].
    pub async fn ask(&mut self, command: impl Into<Utf8Bytes>) -> Utf8Bytes {
        let sending = self.0.send(Message::Text(command.into()));
        in_time("a command", sending).await.expect("a hub that listens");
        self.receive().await
    }

    /// The answers to `commands`, all sent before the first answer is awaited.
    pub(crate) async fn ask_all(&mut self, commands: &[Utf8Bytes]) -> Vec<Utf8Bytes> {
        let (mut sink, mut stream) = (&mut self.0).split();
        let sending = async {
            for command in commands {
                sink.feed(Message::Text(command.clone())).await.expect("a hub that listens");
            }
            sink.flush().await.expect("a hub that listens");
        };
        in_time("a conversation", join(sending, texts(&mut stream, commands.len()))).await.1
    }

    /// The next `messages` messages.
    ///
    /// # Panics
    /// A message is missing after [`DEADLINE`].
    pub(crate) async fn receive_all(&mut self, messages: usize) -> Vec<Utf8Bytes> {
        in_time("a broadcast", texts(&mut self.0, messages)).await
    }

    /// The next message.
    ///
    /// # Panics
    /// No message arrives within [`DEADLINE`].
    pub async fn receive(&mut self) -> Utf8Bytes {
        in_time("an answer", text(&mut self.0)).await
    }

    /// Sends a close frame and waits for the hub's, which closes the connection.
    ///
    /// # Panics
    /// The hub does not close within [`DEADLINE`].
    pub async fn close(mut self) {
        self.0.close(None).await.expect("a hub that listens");
        while in_time("a close frame", self.0.next()).await.is_some() {}
    }
}

async fn texts<S>(stream: &mut S, messages: usize) -> Vec<Utf8Bytes>
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    let mut texts = Vec::with_capacity(messages);
    for _ in 0..messages {
        texts.push(text(stream).await);
    }
    texts
}

async fn text(stream: &mut (impl Stream<Item = Result<Message, Error>> + Unpin)) -> Utf8Bytes {
    match stream.next().await {
        Some(Ok(Message::Text(text))) => text,
        other => panic!("the hub ended the conversation: {other:?}"),
    }
}

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("{what} took longer than {DEADLINE:?}"))
}

/// The text of a chat message.
pub(super) const TEXT: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// A hub that listens on loopback, the runtime of both sides, and the address.
pub(super) struct HubServer {
    pub runtime: Runtime,
    hub: Broadcaster,
    pub address: SocketAddr,
}

impl HubServer {
    pub fn start(config: BroadcasterConfig) -> Self {
        let (runtime, hub) = (runtime(), Broadcaster::new(config));
        let address = runtime.block_on(hub.listen("127.0.0.1:0")).expect("a port on loopback");
        Self { runtime, hub, address }
    }

    pub fn connect(&self) -> HubClient {
        self.runtime.block_on(HubClient::connect(self.address))
    }
}

impl Drop for HubServer {
    fn drop(&mut self) {
        self.runtime.block_on(self.hub.shutdown());
    }
}
