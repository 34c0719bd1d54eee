//! What a backend does all day: responses loaded into its cache and evicted, clients that come, talk and go.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::backend::cache::{CacheConfig, ResponseCache};

const RESPONSE_BYTES: usize = 4 * 1024;

/// Requests of a cycle, each for a response that the cache does not have.
pub const REQUESTS: u32 = 25;

/// Messages that are published to the client of a cycle.
pub const MESSAGES: u32 = 20;

/// Lookups after which the cache has freed what it evicted: it does so a little at a time, during lookups, once no
/// reader can still see it.
const LOOKUPS_TO_FREE: usize = 20_000;

/// Far beyond any answer of parts that work.
const DEADLINE: Duration = Duration::from_secs(30);

pub type RoomClient = WebSocketStream<TcpStream>;

/// The parts at work, which live as long as the measurement.
pub struct Work<'a> {
    pub runtime: &'a Runtime,
    pub cache: ResponseCache,
    pub hub: Broadcaster,
    pub address: SocketAddr,
    requests: Cell<u64>,
}

impl<'a> Work<'a> {
    pub fn start(runtime: &'a Runtime, cache_bytes: u64) -> Self {
        let config = CacheConfig { capacity_bytes: cache_bytes, time_to_live: Duration::from_hours(1) };
        let hub = Broadcaster::new(BroadcasterConfig::default());
        let address = runtime.block_on(hub.listen("127.0.0.1:0")).expect("a port on loopback");
        Self { runtime, cache: ResponseCache::new(config), hub, address, requests: Cell::new(0) }
    }

    /// Works for `cycles`, and comes to rest: no client is left, and no upkeep of the cache.
    pub fn cycle(&self, cycles: usize) {
        let working = async {
            for _ in 0..cycles {
                self.load(REQUESTS.into()).await;
                self.talk().await;
            }
            self.rest().await;
        };
        self.runtime.block_on(async { timeout(DEADLINE, working).await }).expect("parts that do not hang");
    }

    /// Asks for `requests` responses that were not asked for before.
    pub async fn load(&self, requests: u64) {
        let first = self.requests.replace(self.requests.get() + requests);
        for number in first..first + requests {
            let load = async { Ok::<_, Infallible>(Bytes::from(vec![b'x'; RESPONSE_BYTES])) };
            let response = self.cache.get_or_load(&format!("/threads/{number}"), load).await;
            assert!(
                response.is_ok_and(|response| response.len() == RESPONSE_BYTES),
                "no response to {number}"
            );
        }
    }

    /// A client comes, joins a room of its own, receives what is published there, and goes.
    async fn talk(&self) {
        let room = format!("room {}", self.requests.get());
        let mut client = join(self.address, &room).await;
        for _ in 0..MESSAGES {
            assert_eq!(self.hub.publish(&room, "news").expect("a text"), 1);
        }
        for _ in 0..MESSAGES {
            client.next().await.expect("an open connection").expect("a message");
        }
        client.close(None).await.expect("an open connection");
        while client.next().await.is_some() {}
    }

    async fn rest(&self) {
        while self.hub.stats().connections > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        self.cache.settle().await;
        for _ in 0..LOOKUPS_TO_FREE {
            assert_eq!(self.cache.get("nothing").await, None);
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.runtime.block_on(self.hub.shutdown());
    }
}

/// A runtime whose tasks all run on the thread that waits for them.
pub(crate) fn on_this_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a poller: raise `ulimit -n`")
}

/// A client in `room`.
pub async fn join(address: SocketAddr, room: &str) -> RoomClient {
    let socket = TcpStream::connect(address).await.expect("a connection to the hub");
    let (mut client, _) = client_async(format!("ws://{address}"), socket).await.expect("a handshake");
    client.send(format!(r#"{{"join":"{room}"}}"#).into()).await.expect("an open connection");
    client.next().await.expect("an open connection").expect("an answer");
    client
}
