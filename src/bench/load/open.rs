//! The open model: arrivals that are due whether or not the server has answered those before.
//!
//! ```text
//! Schedule -> the pacer, a task that an alarm wakes when each is due -> Queue -> whichever session is free
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Session;
use super::alarm::Alarm;
use super::attempt::attempt;
use super::deadline::Deadline;
use super::live::Seen;
use super::outcome::Sample;
use super::schedule::{Arrival, Schedule};

/// Arrivals that are due and not begun, the oldest first.
pub(super) struct Queue {
    due: Mutex<VecDeque<Arrival>>,
    /// A permit for each of them; closed when the last has come.
    ready: Semaphore,
}

impl Queue {
    /// A queue that `schedule` fills, each arrival at its time after `origin`, as long as somebody has it.
    pub(super) fn paced(schedule: Schedule, origin: Instant) -> Arc<Self> {
        let queue = Arc::new(Self { due: Mutex::default(), ready: Semaphore::new(0) });
        tokio::spawn(pace(schedule, origin, Arc::downgrade(&queue)));
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

async fn pace(schedule: Schedule, origin: Instant, queue: Weak<Queue>) {
    let alarm = Alarm::new();
    for arrival in schedule {
        alarm.wait_until(origin + arrival.due).await;
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
    mut seen: Seen,
) -> Vec<Sample> {
    let mut limit = Deadline::new(origin + deadline);
    while let Some(arrival) = queue.next().await {
        let due = origin + arrival.due;
        limit.set(due + deadline);
        let _ = limit.hold(session.admitted(arrival.operation)).await;
        seen.push(attempt(&mut session, arrival.operation, due, origin, deadline, &mut limit).await);
    }
    seen.into_samples()
}
