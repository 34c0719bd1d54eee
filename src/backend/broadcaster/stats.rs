//! What a hub counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Relaxed: each counts on its own, and nothing is ordered by them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connections: AtomicU64,
    pub delivered: AtomicU64,
    pub dropped: AtomicU64,
    pub slow_disconnects: AtomicU64,
    pub unresponsive: AtomicU64,
}

/// What a [`Broadcaster`](super::Broadcaster) has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BroadcasterStats {
    /// Connections being served now.
    pub connections: u64,
    /// Published messages written to receivers: one message to a hundred of them counts a hundred.
    pub delivered: u64,
    /// Messages that were dropped from full queues ([`SlowConsumer::DropOldest`](super::SlowConsumer)).
    pub dropped: u64,
    /// Connections ended because their queue was full ([`SlowConsumer::Disconnect`](super::SlowConsumer)).
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
}
