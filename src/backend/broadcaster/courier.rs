//! Who brings messages to the sockets: a few tasks for all connections.
//!
//! A published message wakes the couriers, not a task for each of its receivers. While one makes its round, messages that
//! come meanwhile wait in the receivers' queues, and go out together on its next.

use std::mem;
use std::sync::Arc;
use std::sync::Once;
use std::thread::available_parallelism;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::{unconstrained, yield_now};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::member::Member;
use super::stats::Counters;

/// Members that a courier visits before it lets other tasks have the thread: each is a write to a socket, some µs.
const VISITS: usize = 32;

/// The couriers of a hub, one for each processor.
#[derive(Debug)]
pub(super) struct Couriers {
    couriers: Vec<Arc<Courier>>,
    started: Once,
}

/// One of them, with the members that have called it.
#[derive(Debug, Default)]
pub(super) struct Courier {
    called_by: Mutex<Vec<Arc<Member>>>,
    sent: Notify,
}

impl Default for Couriers {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, Into::into);
        Self { couriers: (0..processors).map(|_| Arc::default()).collect(), started: Once::new() }
    }
}

impl Couriers {
    /// Has them at work as `tasks` of this runtime until `shutdown`, if they are not.
    pub fn start(&self, tasks: &TaskTracker, shutdown: &CancellationToken, counters: &Arc<Counters>) {
        self.started.call_once(|| {
            for courier in &self.couriers {
                let rounds = Arc::clone(courier).make_rounds(Arc::clone(counters));
                // A socket that seems full because the task had its share would be left to another task, in vain.
                tasks.spawn(shutdown.clone().run_until_cancelled_owned(unconstrained(rounds)));
            }
        });
    }

    /// The one that member `id` is to call.
    pub fn of(&self, id: u64) -> Arc<Courier> {
        let place = id % self.couriers.len() as u64;
        Arc::clone(&self.couriers[usize::try_from(place).unwrap_or(0)])
    }

    /// Sends those off that have been called.
    pub fn send(&self) {
        self.couriers.iter().for_each(|courier| courier.send());
    }

    /// Forgets who has called those that work no more: a member that waits for a visit keeps its socket open.
    pub fn forget(&self) {
        self.couriers.iter().for_each(|courier| courier.called_by.lock().clear());
    }
}

impl Courier {
    /// Has `member` visited on the next round.
    pub fn call(&self, member: Arc<Member>) {
        self.called_by.lock().push(member);
    }

    fn send(&self) {
        if !self.called_by.lock().is_empty() {
            self.sent.notify_one();
        }
    }

    async fn make_rounds(self: Arc<Self>, counters: Arc<Counters>) {
        let mut members = Vec::new();
        loop {
            mem::swap(&mut *self.called_by.lock(), &mut members);
            if members.is_empty() {
                self.sent.notified().await;
            } else {
                yield_now().await;
            }
            for (visited, member) in members.drain(..).enumerate() {
                if visited % VISITS == VISITS - 1 {
                    yield_now().await;
                }
                if member.deliver_now(&counters) {
                    self.call(member);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::broadcaster::BroadcasterConfig;
    use crate::backend::broadcaster::wire::Wire;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test]
    async fn who_is_forgotten_is_not_kept_by_having_called() {
        let (near, _far) = tokio::io::duplex(16);
        let wire = Arc::new(Wire::new(WebSocketStream::from_raw_socket(near, Role::Server, None).await));
        let (couriers, config, ended) =
            (Couriers::default(), BroadcasterConfig::default(), CancellationToken::new());
        {
            let member = Member::new(0, &config, ended, Arc::clone(&wire) as _, couriers.of(0));
            assert!(Arc::new(member).offer("waits for a visit".into(), &Counters::default()));
        }
        let kept = Arc::strong_count(&wire);
        couriers.forget();
        assert_eq!((kept, Arc::strong_count(&wire)), (2, 1));
    }
}
