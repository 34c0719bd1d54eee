//! One receiver as the rooms see it: a bounded queue, and a way to end its connection.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::config::{BroadcasterConfig, SlowConsumer};
use super::courier::Courier;
use super::outbox::Outbox;
use super::stats::Counters;
use super::wire::{Deliver, Left};

#[derive(Debug)]
pub(super) struct Member {
    pub id: u64,
    /// Cancelled when the hub shuts down or the receiver is too slow.
    pub ended: CancellationToken,
    queue: Mutex<Queue>,
    wire: Arc<dyn Deliver>,
    courier: Arc<Courier>,
    /// Tells the connection's task that its socket took less than there was.
    stuck: Notify,
    capacity: usize,
    slow_consumer: SlowConsumer,
    too_slow: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    /// Whether somebody has been called to empty it: the courier, or the connection's task.
    called: bool,
}

/// What is left in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    /// Whoever took the others is to take these.
    More,
}

impl Member {
    pub fn new(
        id: u64,
        config: &BroadcasterConfig,
        ended: CancellationToken,
        wire: Arc<dyn Deliver>,
        courier: Arc<Courier>,
    ) -> Self {
        Self {
            id,
            ended,
            queue: Mutex::default(),
            wire,
            courier,
            stuck: Notify::new(),
            capacity: config.queue_capacity.max(1),
            slow_consumer: config.slow_consumer,
            too_slow: AtomicBool::new(false),
        }
    }

    /// Queues the frame of a message, and says whether it did. A full queue is dealt with and counted.
    pub fn offer(self: &Arc<Self>, message: Bytes, counters: &Counters) -> bool {
        let mut queue = self.queue.lock();
        if queue.frames.len() >= self.capacity {
            match self.slow_consumer {
                SlowConsumer::DropOldest => drop_oldest(&mut queue.frames, counters),
                SlowConsumer::Disconnect => return self.disconnect(counters),
            }
        }
        queue.frames.push_back(message);
        if !mem::replace(&mut queue.called, true) {
            self.courier.call(Arc::clone(self));
        }
        true
    }

    /// Moves those that have waited longest to `outbox`, as many as one write takes.
    pub fn take(&self, outbox: &mut Outbox) -> Rest {
        let mut queue = self.queue.lock();
        outbox.fill(&mut queue.frames);
        queue.called = !queue.frames.is_empty();
        if queue.called { Rest::More } else { Rest::Nothing }
    }

    /// Delivers what waits, as far as that needs no waiting. Says whether there is more for the next round.
    pub fn deliver_now(&self, counters: &Counters) -> bool {
        let left = self.wire.deliver_now(self, counters);
        if left == Left::Stuck {
            self.stuck.notify_one();
        }
        left == Left::More
    }

    /// Waits until the connection's task has to deliver.
    pub async fn stuck(&self) {
        self.stuck.notified().await;
    }

    pub fn is_too_slow(&self) -> bool {
        self.too_slow.load(Relaxed)
    }

    fn disconnect(&self, counters: &Counters) -> bool {
        if !self.too_slow.swap(true, Relaxed) {
            counters.slow_disconnects.fetch_add(1, Relaxed);
            self.ended.cancel();
        }
        false
    }
}

fn drop_oldest(queue: &mut VecDeque<Bytes>, counters: &Counters) {
    queue.pop_front();
    counters.dropped.fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wire of which nothing is asked.
    #[derive(Debug)]
    struct NoWire;

    impl Deliver for NoWire {
        fn deliver_now(&self, _: &Member, _: &Counters) -> Left {
            Left::Stuck
        }
    }

    fn member(slow_consumer: SlowConsumer) -> (Arc<Member>, Counters) {
        let config = BroadcasterConfig { queue_capacity: 2, slow_consumer, ..Default::default() };
        let member = Member::new(0, &config, CancellationToken::new(), Arc::new(NoWire), Arc::default());
        (Arc::new(member), Counters::default())
    }

    fn offer_all(member: &Arc<Member>, counters: &Counters) -> Vec<bool> {
        ["a", "b", "c", "d"].map(|message| member.offer(message.into(), counters)).to_vec()
    }

    fn taken(member: &Member) -> Vec<Bytes> {
        let mut outbox = Outbox::default();
        assert_eq!(member.take(&mut outbox), Rest::Nothing);
        outbox.into_frames()
    }

    #[test]
    fn drop_oldest_keeps_the_newest_and_counts_the_rest() {
        let (member, counters) = member(SlowConsumer::DropOldest);
        assert_eq!(offer_all(&member, &counters), [true; 4]);
        assert_eq!((counters.read().dropped, counters.read().slow_disconnects), (2, 0));
        assert_eq!((taken(&member), taken(&member)), (vec!["c".into(), "d".into()], vec![]));
        assert!(!member.ended.is_cancelled());
    }

    #[test]
    fn disconnect_ends_the_connection_and_counts_it_once() {
        let (member, counters) = member(SlowConsumer::Disconnect);
        assert_eq!(offer_all(&member, &counters), [true, true, false, false]);
        assert_eq!((counters.read().dropped, counters.read().slow_disconnects), (0, 1));
        assert!(member.ended.is_cancelled() && member.is_too_slow());
    }

    #[test]
    fn queues_share_the_bytes_of_a_message() {
        let (one, counters) = member(SlowConsumer::DropOldest);
        let (other, _) = member(SlowConsumer::DropOldest);
        let message = Bytes::from("written once".to_owned());
        assert!(one.offer(message.clone(), &counters) && other.offer(message.clone(), &counters));
        let taken = [one, other].map(|member| taken(&member)[0].as_ptr());
        assert_eq!(taken, [message.as_ptr(); 2]);
    }

    #[tokio::test]
    async fn a_socket_that_takes_no_more_is_left_to_the_task() {
        let (member, counters) = member(SlowConsumer::DropOldest);
        assert!(!member.deliver_now(&counters), "it is not for the courier's next round");
        member.stuck().await;
    }
}
