//! One in ten of the clients of a busy room stops reading.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::fault::{Fault, Unavailable};
use crate::backend::broadcaster::Broadcaster;
use crate::bench::Platform;

const ROOM: &str = "news";

/// Clients of the room.
const CLIENTS: usize = 10;

/// What is published, and how often: 16 MB in a second to each. Linux takes 3.6 MB for a peer on loopback that does not
/// read; a client that stops is behind in a third of a second.
const MESSAGE_BYTES: usize = 64 * 1024;
const EVERY: Duration = Duration::from_millis(4);

/// The receive buffer of a client that stops reading: what the operating system takes for it is not seen by the hub.
const SMALL: u32 = 16 * 1024;

/// The wait before a client that was let go comes back.
const COMES_BACK: Duration = Duration::from_millis(50);

/// The clients of the room and its publisher: all of them end with this.
pub(super) struct SlowReaders {
    reading: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Fault for SlowReaders {
    const NAME: &'static str = "slow_readers";

    async fn prepare() -> Result<Self, Unavailable> {
        Ok(Self { reading: watch::Sender::new(true), tasks: JoinSet::new() })
    }

    fn started(&mut self, platform: &Platform) {
        for number in 0..CLIENTS {
            let slow = (number % 10 == 0).then(|| self.reading.subscribe());
            self.tasks.spawn(stay(platform.server.address(), slow));
        }
        self.tasks.spawn(publish(platform.parts.broadcaster.clone()));
    }

    async fn inject(&mut self, _: &Platform) {
        self.reading.send_replace(false);
    }

    async fn heal(&mut self, _: &Platform) {
        self.reading.send_replace(true);
    }

    fn trace(&self, platform: &Platform) -> u64 {
        platform.parts.broadcaster.stats().dropped
    }

    fn release(&mut self) {
        self.tasks = JoinSet::new();
    }
}

/// A client that reads, as long as `reading` says where it is a slow one, and comes back when it was let go.
async fn stay(address: SocketAddr, mut reading: Option<watch::Receiver<bool>>) {
    loop {
        if let Some(mut socket) = joined(address, reading.is_some()).await {
            while let Some(Ok(_)) = socket.next().await {
                if let Some(reading) = &mut reading {
                    // Ends with its sender at the latest.
                    let _ = reading.wait_for(|reading| *reading).await;
                }
            }
        }
        sleep(COMES_BACK).await;
    }
}

/// `None` where the server does not answer.
async fn joined(address: SocketAddr, slow: bool) -> Option<WebSocketStream<TcpStream>> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.ok()?;
    if slow {
        socket.set_recv_buffer_size(SMALL).ok()?;
    }
    let stream = socket.connect(address).await.ok()?;
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/ws"), stream).await.ok()?;
    socket.send(Message::text(json!({ "join": ROOM }).to_string())).await.ok()?;
    Some(socket)
}

async fn publish(hub: Broadcaster) {
    let message = "x".repeat(MESSAGE_BYTES);
    let mut times = interval(EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        times.tick().await;
        hub.publish(ROOM, &message).unwrap_or_else(|error| panic!("{error}"));
    }
}
