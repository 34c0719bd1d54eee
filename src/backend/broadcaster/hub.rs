//! The state that the handles and the connections of a hub share. It knows no socket.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::BroadcasterConfig;
use super::protocol::ServerEvent;
use super::queue::Push;
use super::subscriber::{Rooms, Subscriber};

#[derive(Debug, Default)]
pub(super) struct Hub {
    pub config: BroadcasterConfig,
    pub counters: Counters,
    pub shutdown: CancellationToken,
    pub tasks: TaskTracker,
    rooms: Rooms,
    next_id: AtomicU64,
}

/// Relaxed: each counts on its own, and nothing is ordered by them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connections: AtomicU64,
    pub delivered: AtomicU64,
    pub dropped: AtomicU64,
    pub slow_disconnects: AtomicU64,
    pub unresponsive: AtomicU64,
}

/// The counters of a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BroadcasterStats {
    /// Connections being served now.
    pub connections: u64,
    /// Published messages written to receivers: one message to a hundred of them counts a hundred.
    pub delivered: u64,
    /// Messages that were dropped from full queues (`SlowConsumer::DropOldest`).
    pub dropped: u64,
    /// Connections ended because their queue was full (`SlowConsumer::Disconnect`).
    pub slow_disconnects: u64,
    /// Connections ended because the peer neither read in time nor answered a ping.
    pub unresponsive: u64,
}

impl Counters {
    pub fn read(&self) -> BroadcasterStats {
        BroadcasterStats {
            connections: self.connections.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            slow_disconnects: self.slow_disconnects.load(Relaxed),
            unresponsive: self.unresponsive.load(Relaxed),
        }
    }

    /// Counts a push, and returns whether the message is in the queue.
    fn count(&self, push: Push) -> bool {
        match push {
            Push::DroppedOldest => self.dropped.fetch_add(1, Relaxed),
            Push::Overflowed => self.slow_disconnects.fetch_add(1, Relaxed),
            Push::Queued | Push::Refused => 0,
        };
        matches!(push, Push::Queued | Push::DroppedOldest)
    }
}

/// A payload that could not be published.
#[derive(Debug, thiserror::Error)]
#[error(
    "the payload for room {room:?} has no JSON form: {source}; publish a value that serde_json can serialise"
)]
pub struct PublishError {
    room: String,
    source: serde_json::Error,
}

/// A room too many.
#[derive(Debug, thiserror::Error)]
#[error("a connection may be in {0} rooms at once: leave one to join another")]
pub(super) struct TooManyRooms(usize);

impl Hub {
    pub fn new(config: BroadcasterConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Serialises `payload` once, queues it for every subscriber of `room`, and returns how many queues took it.
    pub fn publish<P: Serialize + ?Sized>(&self, room: &str, payload: &P) -> Result<usize, PublishError> {
        let message = ServerEvent::Message { room: room.into(), payload }
            .to_text()
            .map_err(|source| PublishError { room: room.to_owned(), source })?;
        Ok(self.rooms.count(room, |subscriber| self.counters.count(subscriber.offer(message.clone()))))
    }
}

/// A connection's registration with the hub: the connection is counted, and in its rooms, until this is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    pub hub: Arc<Hub>,
    pub subscriber: Arc<Subscriber>,
    joined: HashSet<String>,
}

impl Registration {
    pub fn new(hub: Arc<Hub>) -> Self {
        hub.counters.connections.fetch_add(1, Relaxed);
        let id = hub.next_id.fetch_add(1, Relaxed);
        let subscriber = Arc::new(Subscriber::new(id, &hub.config, hub.shutdown.child_token()));
        Self { hub, subscriber, joined: HashSet::new() }
    }

    pub fn join(&mut self, room: &str) -> Result<(), TooManyRooms> {
        let most = self.hub.config.max_rooms;
        if !self.joined.contains(room) {
            if self.joined.len() >= most {
                return Err(TooManyRooms(most));
            }
            self.joined.insert(room.to_owned());
            self.hub.rooms.join(room, &self.subscriber);
        }
        Ok(())
    }

    pub fn leave(&mut self, room: &str) {
        if self.joined.remove(room) {
            self.hub.rooms.leave(room, self.subscriber.id);
        }
    }

    pub(crate) fn leave_all(&mut self) {
        for room in self.joined.drain() {
            self.hub.rooms.leave(&room, self.subscriber.id);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.leave_all();
        self.hub.counters.connections.fetch_sub(1, Relaxed);
    }
}
