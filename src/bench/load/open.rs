//! The open model: arrivals that are due whether or not the server has answered those before.
//!
//! ```text
//! Schedule -> Queue -> the session that has been free for longest: it waits until the arrival is due, and does it
//! ```
//!
//! Who does an operation holds the alarm for it, so that no task stands between the alarm and the request. Where all are busy
//! nobody waits for it, and what comes due meanwhile is taken late.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::Session;
use super::attempt::attempt;
use super::deadline::Deadline;
use super::live::Seen;
use super::outcome::Sample;
use super::schedule::{Arrival, Schedule};
use crate::backend::alarm::Alarm;

/// How much earlier the alarm rings, since a processor that sleeps takes some time to wake. The rest is waited for in turns
/// with other tasks.
const EARLY: Duration = Duration::from_micros(60);

/// Arrivals that nobody has taken. The first in line has the lock, and waits for the next of them.
pub(super) struct Queue(Mutex<Pace>);

impl Queue {
    /// The arrivals of `schedule`, each due at its time after `origin`.
    pub(super) fn new(schedule: Schedule, origin: Instant) -> Self {
        Self(Mutex::new(Pace { schedule, origin, alarm: Alarm::new() }))
    }

    /// The next arrival, once it is due; `None` after the last.
    async fn next(&self) -> Option<Arrival> {
        let mut pace = self.0.lock().await;
        let arrival = pace.schedule.next()?;
        pace.wait_until(arrival.due).await;
        Some(arrival)
    }
}

struct Pace {
    schedule: Schedule,
    origin: Instant,
    alarm: Option<Alarm>,
}

impl Pace {
    /// Waits until `due`, and no microsecond longer where the task gets its turn; not at all where it has come. Without a
    /// timer of the system, up to two milliseconds longer.
    async fn wait_until(&self, due: Duration) {
        let due = self.origin + due;
        let early = due.checked_sub(EARLY).filter(|early| Instant::now() < *early);
        let rung = match (early, &self.alarm) {
            (Some(early), Some(alarm)) if alarm.set(early).is_ok() => alarm.rung().await.is_ok(),
            (Some(_), _) => false,
            (None, _) => true,
        };
        if !rung {
            sleep_until(due).await;
        }
        while Instant::now() < due {
            yield_now().await;
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::mix::Mix;
    use super::super::plan::{Arrivals, Pacing};
    use super::*;

    /// Arrivals of a hundred milliseconds, a thousand a second, and when each was taken.
    async fn taken(alarm: Option<Alarm>) -> Vec<(Duration, Duration)> {
        let arrivals = Arrivals { rate: 1_000.0, pacing: Pacing::Poisson, at_once: 1 };
        let mix = Arc::new(Mix::new([("ask", 100.0)]).unwrap());
        let schedule = Schedule::new(arrivals, mix, 1, Duration::from_millis(100));
        let origin = Instant::now();
        let queue = Queue(Mutex::new(Pace { schedule, origin, alarm }));
        let mut taken = Vec::new();
        while let Some(arrival) = queue.next().await {
            taken.push((arrival.due, origin.elapsed()));
        }
        taken
    }

    /// With a timer of the system, and without.
    #[tokio::test]
    async fn none_is_taken_before_it_is_due_and_all_are() {
        let (exact, coarse) = (taken(Alarm::new()).await, taken(None).await);
        assert!(
            exact.len() > 50 && exact.iter().chain(&coarse).all(|(due, taken)| taken >= due),
            "{exact:?}"
        );
        assert!(exact.iter().map(|(due, _)| due).eq(coarse.iter().map(|(due, _)| due)));
    }
}
