//! The limits of a hub's connections.

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Bytes read at a time: commands are short, and every connection has such a buffer.
const READ_BUFFER: usize = 4 * 1024;

/// Bytes collected before a write: a few TCP segments in one call.
const WRITE_BUFFER: usize = 32 * 1024;

/// What happens to a connection whose queue is full when another message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SlowConsumer {
    /// The oldest message is dropped: the receiver stays, with gaps (`BroadcasterStats::dropped`).
    #[default]
    DropOldest,
    /// The receiver is disconnected with close code 1008: what it receives has no gaps
    /// (`BroadcasterStats::slow_disconnects`).
    Disconnect,
}

/// The limits of a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BroadcasterConfig {
    /// Messages that may wait for one receiver, at least one. Those being written, up to 32 KiB and one message, and
    /// what the socket holds come on top.
    pub queue_capacity: usize,
    /// The policy for a receiver whose queue is full.
    pub slow_consumer: SlowConsumer,
    /// Bytes of one command; a longer one ends its connection with close code 1009.
    pub max_message_bytes: usize,
    /// Rooms that one connection may be in.
    pub max_rooms: usize,
    /// How long a new connection may take over its handshake.
    pub handshake_timeout: Duration,
    /// How long a write may wait for a peer that does not read.
    pub write_timeout: Duration,
    /// How long a peer may be silent before it is sent a ping, and then how long it has to answer.
    pub heartbeat: Duration,
    /// How long a peer has to read what waits for it and to answer the close frame.
    pub close_timeout: Duration,
}

impl Default for BroadcasterConfig {
    /// Queues of 1,024 messages, the oldest of which is dropped; commands of 64 KiB; 64 rooms; 10 s for a handshake
    /// or a write; a heartbeat of 30 s; 1 s to close.
    fn default() -> Self {
        Self {
            queue_capacity: 1024,
            slow_consumer: SlowConsumer::default(),
            max_message_bytes: 64 * 1024,
            max_rooms: 64,
            handshake_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(30),
            close_timeout: Duration::from_secs(1),
        }
    }
}

impl BroadcasterConfig {
    pub(super) fn websocket(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(self.max_message_bytes))
            .max_frame_size(Some(self.max_message_bytes))
    }
}
