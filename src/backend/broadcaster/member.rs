//! One receiver as the rooms see it: a bounded queue, and a way to end its connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::config::{BroadcasterConfig, SlowConsumer};
use super::stats::Counters;

#[derive(Debug)]
pub(super) struct Member {
    pub id: u64,
    /// Cancelled when the hub shuts down or the receiver is too slow.
    pub ended: CancellationToken,
    queue: Mutex<VecDeque<Bytes>>,
    /// Woken when the queue is no longer empty.
    filled: Notify,
    capacity: usize,
    slow_consumer: SlowConsumer,
    too_slow: AtomicBool,
}

impl Member {
    pub fn new(id: u64, config: &BroadcasterConfig, ended: CancellationToken) -> Self {
        Self {
            id,
            ended,
            queue: Mutex::default(),
            filled: Notify::new(),
            capacity: config.queue_capacity.max(1),
            slow_consumer: config.slow_consumer,
            too_slow: AtomicBool::new(false),
        }
    }

    /// Queues the frame of a message, and says whether it did. A full queue is dealt with and counted.
    pub fn offer(&self, message: Bytes, counters: &Counters) -> bool {
        let mut queue = self.queue.lock();
        if queue.len() >= self.capacity {
            match self.slow_consumer {
                SlowConsumer::DropOldest => drop_oldest(&mut queue, counters),
                SlowConsumer::Disconnect => return self.disconnect(counters),
            }
        }
        queue.push_back(message);
        let was_empty = queue.len() == 1;
        drop(queue);
        // Where others wait already, the connection has been woken for them and takes this one along.
        if was_empty {
            self.filled.notify_one();
        }
        true
    }

    /// Moves those that have waited longest to the end of `frames`, `most` of them at most.
    pub fn take(&self, frames: &mut VecDeque<Bytes>, most: usize) {
        let mut queue = self.queue.lock();
        let taken = queue.len().min(most);
        frames.extend(queue.drain(..taken));
    }

    /// Waits for a message to take.
    pub async fn filled(&self) {
        while self.queue.lock().is_empty() {
            self.filled.notified().await;
        }
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

    fn member(slow_consumer: SlowConsumer) -> (Member, Counters) {
        let config = BroadcasterConfig { queue_capacity: 2, slow_consumer, ..Default::default() };
        (Member::new(0, &config, CancellationToken::new()), Counters::default())
    }

    fn offer_all(member: &Member, counters: &Counters) -> Vec<bool> {
        ["a", "b", "c", "d"].map(|message| member.offer(message.into(), counters)).to_vec()
    }

    fn taken(member: &Member, most: usize) -> Vec<Bytes> {
        let mut frames = VecDeque::new();
        member.take(&mut frames, most);
        frames.into()
    }

    #[test]
    fn drop_oldest_keeps_the_newest_and_counts_the_rest() {
        let (member, counters) = member(SlowConsumer::DropOldest);
        assert_eq!(offer_all(&member, &counters), [true; 4]);
        assert_eq!((counters.read().dropped, counters.read().slow_disconnects), (2, 0));
        assert_eq!(
            (taken(&member, 1), taken(&member, 9), taken(&member, 9)),
            (vec!["c".into()], vec!["d".into()], vec![])
        );
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
        let taken = [one, other].map(|member| taken(&member, 1)[0].as_ptr());
        assert_eq!(taken, [message.as_ptr(); 2]);
    }
}
