//! A WebSocket hub over TCP: rooms, to which a message is written once and sent to everybody in them.
//!
//! - A message is serialised and framed **once**, however many receive it: their queues share its bytes. A few couriers
//!   for all connections write what waits for each in one call, so that a message wakes no task for each receiver.
//! - Each connection has a **bounded queue**; what happens when it is full is stated ([`SlowConsumer`]) and counted
//!   ([`BroadcasterStats`]). One slow receiver never delays another, nor the publisher.
//! - Peers that stop reading or answering are let go: writes have a deadline, silence is probed by a ping.
//! - [`Broadcaster::shutdown`] says goodbye to every peer and returns when no task and no port is left.
//!
//! Clients speak the JSON of [`protocol`]. A hub listens on a port of its own ([`Broadcaster::listen`]), takes
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
mod courier;
mod listener;
mod member;
mod outbox;
pub mod protocol;
mod rooms;
mod stats;
mod wire;

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use config::{BroadcasterConfig, SlowConsumer};
pub use stats::BroadcasterStats;

use connection::Connection;
use courier::Couriers;
use member::Member;
use protocol::Event;
use rooms::{Membership, Rooms};
use stats::Counters;
use wire::{Deliver, Wire};

/// A WebSocket hub; clones are handles to the same hub.
#[derive(Debug, Clone)]
pub struct Broadcaster {
    hub: Arc<Hub>,
}

/// What the handles and the connections of a hub share.
#[derive(Debug)]
struct Hub {
    config: BroadcasterConfig,
    rooms: Rooms,
    counters: Arc<Counters>,
    couriers: Couriers,
    members: AtomicU64,
    shutdown: CancellationToken,
    tasks: TaskTracker,
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

/// A payload that could not be published.
#[derive(Debug, thiserror::Error)]
#[error("the payload for room {room:?} has no JSON form: {source}; publish what serde_json can write")]
pub struct PublishError {
    room: String,
    source: serde_json::Error,
}

impl Broadcaster {
    /// A hub without connections.
    #[must_use]
    pub fn new(config: BroadcasterConfig) -> Self {
        let hub = Hub {
            config,
            rooms: Rooms::default(),
            counters: Arc::default(),
            couriers: Couriers::default(),
            members: AtomicU64::new(0),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        Self { hub: Arc::new(hub) }
    }

    /// Accepts WebSocket connections on `address`, which it returns with its real port, until [`Self::shutdown`].
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
        self.hub.tasks.spawn(listener::accept(self.clone(), listener));
        Ok(local)
    }

    /// Serves a connection whose handshake was done elsewhere, until either side ends it.
    ///
    /// Make its stream with [`Self::websocket_config`], which carries the limit on the size of messages, and set
    /// `TCP_NODELAY` on the socket below it.
    pub async fn serve<S>(&self, stream: WebSocketStream<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let hub = &self.hub;
        hub.couriers.start(&hub.tasks, &hub.shutdown, &hub.counters);
        let wire = Arc::new(Wire::new(stream));
        let member = hub.member(Arc::clone(&wire) as _);
        let connection = Connection::new(wire, Membership::new(Arc::clone(hub), member));
        self.hub.tasks.track_future(connection.run()).await;
    }

    /// The limits and buffers of a connection, for streams that are upgraded elsewhere.
    #[must_use]
    pub fn websocket_config(&self) -> WebSocketConfig {
        self.hub.config.websocket()
    }

    /// Sends `payload` to everybody in `room`, and returns how many queues took it.
    ///
    /// Never waits: a receiver whose queue is full is dealt with as [`SlowConsumer`] says. What one task publishes
    /// arrives in its order.
    ///
    /// # Errors
    /// `payload` cannot be written as JSON.
    pub fn publish<P>(&self, room: &str, payload: &P) -> Result<usize, PublishError>
    where
        P: Serialize + ?Sized,
    {
        let receivers = self.hub.publish(room, payload);
        self.hub.couriers.send();
        receivers
    }

    /// What the hub has counted.
    #[must_use]
    pub fn stats(&self) -> BroadcasterStats {
        self.hub.counters.read()
    }

    /// Stops listening, says goodbye to every peer, and returns when all have left or their time was up
    /// ([`BroadcasterConfig::close_timeout`]). Connections served from now on are closed at once.
    pub async fn shutdown(&self) {
        self.hub.shutdown.cancel();
        self.hub.tasks.close();
        self.hub.tasks.wait().await;
        self.hub.couriers.forget();
    }
}

impl Hub {
    fn member(&self, wire: Arc<dyn Deliver>) -> Arc<Member> {
        let id = self.members.fetch_add(1, Relaxed);
        let (ended, courier) = (self.shutdown.child_token(), self.couriers.of(id));
        Arc::new(Member::new(id, &self.config, ended, wire, courier))
    }

    /// Queues `payload` for everybody in `room`, which the couriers are to be sent for.
    fn publish<P: Serialize + ?Sized>(&self, room: &str, payload: &P) -> Result<usize, PublishError> {
        let message = Event::Message { room: room.into(), payload }
            .to_text()
            .map_err(|source| PublishError { room: room.to_owned(), source })?;
        let frame = outbox::frame(&message);
        Ok(self.rooms.each(room, |member| member.offer(frame.clone(), &self.counters)))
    }
}

impl Drop for Hub {
    /// Couriers are nobody's but the hub's.
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.couriers.forget();
    }
}
