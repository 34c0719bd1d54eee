//! A WebSocket hub on tokio-tungstenite, with rooms: a message is serialised once and sent to all subscribers of a room.
//!
//! - All receivers of a message share its bytes. Each connection has one task, which takes all messages that wait for it,
//!   feeds them to the stream and flushes once.
//! - Each connection has a **bounded queue**. The policy for a full one is stated ([`SlowConsumer`]) and its effects are
//!   counted ([`BroadcasterStats`]). A slow receiver delays neither another one nor the publisher.
//! - Peers that stop reading or answering are disconnected: writes have a deadline, and a ping probes a silent peer.
//! - [`Broadcaster::shutdown`] sends what waits, closes every connection, and returns when no task and no port is left.
//!
//! Clients speak the JSON of [`protocol`]. A hub listens on a port of its own ([`Broadcaster::listen`]), serves
//! connections that were upgraded elsewhere ([`Broadcaster::serve`]), or both.
//!
//! ```
//! use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig};
//! use futures_util::{SinkExt, StreamExt};
//! use tokio_tungstenite::connect_async;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Broadcaster::new(BroadcasterConfig::default());
//! let address = hub.listen("127.0.0.1:0").await?;
//!
//! let (mut client, _) = connect_async(format!("ws://{address}")).await?;
//! client.send(r#"{"join": "lobby"}"#.into()).await?;
//! assert_eq!(client.next().await.unwrap()?.to_text()?, r#"{"joined":"lobby"}"#);
//!
//! assert_eq!(hub.publish("lobby", &["hello"])?, 1);
//! let message = client.next().await.unwrap()?;
//! assert_eq!(message.to_text()?, r#"{"message":{"room":"lobby","payload":["hello"]}}"#);
//! hub.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod config;
mod connection;
mod hub;
pub mod protocol;
mod queue;
mod subscriber;

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

pub use config::{BroadcasterConfig, SlowConsumer};
pub use hub::{BroadcasterStats, PublishError};

use connection::WebSocketConnection;
use hub::Hub;

/// The wait before the next accept when the machine is out of files or memory: without it, the loop would only burn CPU.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// A WebSocket hub; clones are handles to the same hub.
#[derive(Debug, Clone)]
pub struct Broadcaster {
    hub: Arc<Hub>,
}

/// A hub that could not listen.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address}: {source}; choose an address of this machine and a free port (0 finds one)"
)]
pub struct ListenError {
    address: String,
    source: io::Error,
}

impl Broadcaster {
    /// A hub without connections.
    #[must_use]
    pub fn new(config: BroadcasterConfig) -> Self {
        Self { hub: Arc::new(Hub::new(config)) }
    }

    /// Accepts WebSocket connections on `address` until [`Self::shutdown`]. Returns the address with its real port.
    ///
    /// # Errors
    /// The address is not this machine's, or its port is taken.
    pub async fn listen(&self, address: impl ToSocketAddrs + Display) -> Result<SocketAddr, ListenError> {
        let text = address.to_string();
        let bound = async {
            let listener = TcpListener::bind(address).await?;
            listener.local_addr().map(|local| (listener, local))
        };
        let (listener, local) = bound.await.map_err(|source| ListenError { address: text, source })?;
        let accepting =
            self.hub.shutdown.clone().run_until_cancelled_owned(self.clone().accept_all(listener));
        self.hub.tasks.spawn(accepting);
        Ok(local)
    }

    async fn accept_all(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((socket, _)) => drop(self.hub.tasks.spawn(self.clone().upgrade(socket))),
                Err(_) => sleep(PAUSE_AFTER_ERROR).await,
            }
        }
    }

    /// Serves `socket` after its handshake. A peer whose handshake is wrong or late is disconnected.
    async fn upgrade(self, socket: TcpStream) {
        let handshake = async {
            socket.set_nodelay(true).ok()?;
            accept_async_with_config(socket, Some(self.websocket_config())).await.ok()
        };
        let in_time = timeout(self.hub.config.handshake_timeout, handshake);
        if let Some(Ok(Some(stream))) = self.hub.shutdown.run_until_cancelled(in_time).await {
            self.serve(stream).await;
        }
    }

    /// Serves a connection whose handshake was done elsewhere, until either side ends it.
    ///
    /// Make its stream with [`Self::websocket_config`], which carries the limit on the size of messages, and set
    /// `TCP_NODELAY` on the socket below it.
    pub async fn serve<S>(&self, stream: WebSocketStream<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = WebSocketConnection::new(stream, Arc::clone(&self.hub));
        self.hub.tasks.track_future(connection.run()).await;
    }

    /// The limits and buffers of a connection, for streams that are upgraded elsewhere.
    #[must_use]
    pub fn websocket_config(&self) -> WebSocketConfig {
        self.hub.config.websocket()
    }

    /// Sends `payload` to all subscribers of `room`, and returns how many queues took it.
    ///
    /// Never waits: [`SlowConsumer`] is the policy for a receiver whose queue is full. Messages of one task arrive in
    /// their order.
    ///
    /// # Errors
    /// `payload` cannot be written as JSON.
    pub fn publish<P>(&self, room: &str, payload: &P) -> Result<usize, PublishError>
    where
        P: Serialize + ?Sized,
    {
        self.hub.publish(room, payload)
    }

    /// The counters so far.
    #[must_use]
    pub fn stats(&self) -> BroadcasterStats {
        self.hub.counters.read()
    }

    /// Stops listening, sends every peer what waits for it and a close frame, and returns when all have left or their
    /// time is up ([`BroadcasterConfig::close_timeout`]). Connections served from now on are closed at once.
    pub async fn shutdown(&self) {
        self.hub.shutdown.cancel();
        self.hub.tasks.close();
        self.hub.tasks.wait().await;
    }
}
