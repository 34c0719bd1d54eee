//! The bounded queue of messages that wait for one connection, and its policy when it is full.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::config::SlowConsumer;

/// One producer side for all publishers, one consumer: the connection's task.
#[derive(Debug)]
pub(super) struct MessageQueue {
    state: Mutex<State>,
    not_empty: Notify,
    capacity: usize,
    when_full: SlowConsumer,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Utf8Bytes>,
    overflowed: bool,
}

/// The result of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Push {
    Queued,
    /// Queued in place of the oldest message.
    DroppedOldest,
    /// Not queued: this message was one too many, and the queue takes none from now on.
    Overflowed,
    /// Not queued, because the queue has overflowed before.
    Refused,
}

impl MessageQueue {
    pub fn new(capacity: usize, when_full: SlowConsumer) -> Self {
        Self { state: Mutex::default(), not_empty: Notify::new(), capacity: capacity.max(1), when_full }
    }

    pub fn push(&self, message: Utf8Bytes) -> Push {
        let (was_empty, push) = {
            let mut state = self.state.lock();
            (state.messages.is_empty(), state.push(message, self.capacity, self.when_full))
        };
        if was_empty {
            self.not_empty.notify_one();
        }
        push
    }

    pub fn pop(&self) -> Option<Utf8Bytes> {
        self.state.lock().messages.pop_front()
    }

    /// Waits until there is a message. Cancel-safe.
    pub async fn ready(&self) {
        while self.is_empty() {
            self.not_empty.notified().await;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.state.lock().messages.is_empty()
    }

    pub(crate) fn has_overflowed(&self) -> bool {
        self.state.lock().overflowed
    }
}

impl State {
    fn push(&mut self, message: Utf8Bytes, capacity: usize, when_full: SlowConsumer) -> Push {
        if self.overflowed {
            return Push::Refused;
        }
        let full = self.messages.len() >= capacity;
        if full && when_full == SlowConsumer::Disconnect {
            // The connection ends, so what waits is not sent either.
            *self = Self { messages: VecDeque::new(), overflowed: true };
            return Push::Overflowed;
        }
        if full {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
        if full { Push::DroppedOldest } else { Push::Queued }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// Pushes four messages to a queue of two, and returns the results and what is left.
    fn overfill(when_full: SlowConsumer) -> (MessageQueue, [Push; 4], Vec<Utf8Bytes>) {
        let queue = MessageQueue::new(2, when_full);
        let pushes = ["a", "b", "c", "d"].map(|message| queue.push(message.into()));
        let left = std::iter::from_fn(|| queue.pop()).collect();
        (queue, pushes, left)
    }

    #[test]
    fn drop_oldest_keeps_the_newest() {
        let (queue, pushes, left) = overfill(SlowConsumer::DropOldest);
        assert_eq!(pushes, [Push::Queued, Push::Queued, Push::DroppedOldest, Push::DroppedOldest]);
        assert_eq!(left, ["c", "d"]);
        assert!(!queue.has_overflowed());
    }

    #[test]
    fn disconnect_overflows_once_and_refuses_all_later_messages() {
        let (queue, pushes, left) = overfill(SlowConsumer::Disconnect);
        assert_eq!(pushes, [Push::Queued, Push::Queued, Push::Overflowed, Push::Refused]);
        assert!(left.is_empty() && queue.has_overflowed());
        assert_eq!(queue.push("after a gap".into()), Push::Refused);
    }

    #[test]
    fn a_capacity_of_zero_holds_one_message() {
        let queue = MessageQueue::new(0, SlowConsumer::DropOldest);
        assert_eq!(["a", "b"].map(|message| queue.push(message.into())), [Push::Queued, Push::DroppedOldest]);
    }

    #[test]
    fn ready_waits_on_an_empty_queue_only() {
        let queue = MessageQueue::new(2, SlowConsumer::DropOldest);
        let is_ready = || queue.ready().now_or_never().is_some();
        assert!(!is_ready());
        assert_eq!(["a", "b"].map(|message| queue.push(message.into())), [Push::Queued; 2]);
        let after_each_pop =
            [is_ready(), queue.pop().is_some() && is_ready(), queue.pop().is_some() && is_ready()];
        assert_eq!(after_each_pop, [true, true, false]);
    }
}
