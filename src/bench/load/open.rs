//! The open model: arrivals that are due whether or not the server has answered those before.
//!
//! ```text
//! Schedule -> the pacer, a thread that sleeps until each is due -> Queue -> whichever session is free
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::attempt::attempt;
use super::outcome::Sample;
use super::schedule::{Arrival, Schedule};

/// Arrivals that are due and not begun, the oldest first.
pub(super) struct Queue {
    due: Mutex<VecDeque<Arrival>>,
    /// A permit for each of them; closed when the last has come.
    ready: Semaphore,
}

impl Queue {
    /// A queue that `schedule` fills, each arrival at its time after `origin`.
    ///
    /// A thread of its own does that, since the timers of a tokio runtime go by whole milliseconds. It ends with the
    /// schedule, or with the queue.
    pub(super) fn paced(schedule: Schedule, origin: Instant) -> Arc<Self> {
        let queue = Arc::new(Self { due: Mutex::default(), ready: Semaphore::new(0) });
        let filled = Arc::downgrade(&queue);
        thread::spawn(move || pace(schedule, origin, &filled));
        queue
    }

    /// The next arrival, once it is due; `None` after the last.
    async fn next(&self) -> Option<Arrival> {
        if let Ok(permit) = self.ready.acquire().await {
            permit.forget();
        }
        self.due.lock().pop_front()
    }
}

fn pace(schedule: Schedule, origin: Instant, queue: &Weak<Queue>) {
    for arrival in schedule {
        let early = (origin + arrival.due).saturating_duration_since(Instant::now());
        if !early.is_zero() {
            thread::sleep(early);
        }
        let Some(queue) = queue.upgrade() else { return };
        queue.due.lock().push_back(arrival);
        queue.ready.add_permits(1);
    }
    queue.upgrade().iter().for_each(|queue| queue.ready.close());
}

/// Takes arrivals from `queue` over one session until there are no more.
pub(super) async fn serve<S: Session>(
    queue: Arc<Queue>,
    mut session: S,
    origin: Instant,
    deadline: Duration,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    while let Some(arrival) = queue.next().await {
        let due = origin + arrival.due;
        let _ = timeout_at(due + deadline, session.admitted(arrival.operation)).await;
        samples.push(attempt(&mut session, arrival.operation, due, origin, deadline).await);
    }
    samples
}
