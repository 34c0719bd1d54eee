//! The subscribers of each room. A subscriber is a connection as its rooms see it, without a socket.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

use super::config::BroadcasterConfig;
use super::queue::{MessageQueue, Push};

#[derive(Debug)]
pub(super) struct Subscriber {
    pub id: u64,
    pub queue: MessageQueue,
    /// Cancelled by the hub's shutdown, or when the queue overflows.
    pub ended: CancellationToken,
}

impl Subscriber {
    pub fn new(id: u64, config: &BroadcasterConfig, ended: CancellationToken) -> Self {
        Self { id, queue: MessageQueue::new(config.queue_capacity, config.slow_consumer), ended }
    }

    /// Queues `message`. An overflow ends the connection.
    pub fn offer(&self, message: Utf8Bytes) -> Push {
        let push = self.queue.push(message);
        if push == Push::Overflowed {
            self.ended.cancel();
        }
        push
    }
}

/// The rooms that are not empty, by name, and their subscribers, by id.
#[derive(Debug, Default)]
pub(super) struct Rooms(RwLock<HashMap<String, HashMap<u64, Arc<Subscriber>>>>);

impl Rooms {
    pub fn join(&self, room: &str, subscriber: &Arc<Subscriber>) {
        self.0.write().entry(room.to_owned()).or_default().insert(subscriber.id, Arc::clone(subscriber));
    }

    pub fn leave(&self, room: &str, id: u64) {
        let mut rooms = self.0.write();
        let Some(subscribers) = rooms.get_mut(room) else { return };
        subscribers.remove(&id);
        if subscribers.is_empty() {
            rooms.remove(room);
        }
    }

    /// Calls `offer` for every subscriber of `room`, and counts those for which it returns true.
    pub fn count(&self, room: &str, offer: impl Fn(&Subscriber) -> bool) -> usize {
        let rooms = self.0.read();
        let Some(subscribers) = rooms.get(room) else { return 0 };
        subscribers.values().filter(|subscriber| offer(subscriber)).count()
    }
}
