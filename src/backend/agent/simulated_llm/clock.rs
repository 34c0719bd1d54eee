//! The time of the simulated model: one timer of the system for all that wait.
//!
//! tokio's timers would make an answer up to two milliseconds later than its latency says, and would let all that are due
//! in one millisecond go together.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::backend::alarm::Alarm;

/// When somebody is due, and a number that tells those of the same time apart.
type Key = (Instant, u64);

/// Wakes those who wait, as long as [`Clock::keep`] runs.
#[derive(Debug)]
pub(super) struct Clock {
    /// Where the system has none left, tokio's timers do.
    alarm: Option<Alarm>,
    waiting: Mutex<BTreeMap<Key, Waker>>,
    numbers: AtomicU64,
    stop: CancellationToken,
}

impl Clock {
    /// A clock that goes until `stop`.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self { alarm: Alarm::new(), waiting: Mutex::default(), numbers: AtomicU64::new(0), stop }
    }

    /// Waits for `time`; not at all where it has come. False where the clock stops first.
    pub(super) async fn until(&self, time: Instant) -> bool {
        if time <= Instant::now() {
            return true;
        }
        let Some(alarm) = &self.alarm else {
            return self.stop.run_until_cancelled(sleep_until(time)).await.is_some();
        };
        let place = Place { clock: self, key: (time, self.numbers.fetch_add(1, Ordering::Relaxed)) };
        poll_fn(|context| place.poll(alarm, context)).await
    }

    /// Wakes each who waits at its time, and all of them at the stop.
    pub(super) async fn keep(&self) {
        while let Some(alarm) = &self.alarm {
            match self.stop.run_until_cancelled(alarm.rung()).await {
                Some(Ok(())) => self.due(alarm).into_iter().for_each(Waker::wake),
                _ => break,
            }
        }
        self.stop.cancelled().await;
        std::mem::take(&mut *self.waiting.lock()).into_values().for_each(Waker::wake);
    }

    /// Those who are due, and sets the alarm for the next.
    fn due(&self, alarm: &Alarm) -> Vec<Waker> {
        let (mut waiting, mut due) = (self.waiting.lock(), Vec::new());
        while let Some(first) = waiting.first_entry() {
            let time = first.key().0;
            // Whom no alarm will wake looks for itself.
            if time > Instant::now() && alarm.set(time).is_ok() {
                break;
            }
            due.push(first.remove());
        }
        due
    }
}

/// One who waits; gone from the clock when it has what it waited for, or gave up.
struct Place<'c> {
    clock: &'c Clock,
    key: Key,
}

impl Place<'_> {
    fn poll(&self, alarm: &Alarm, context: &Context<'_>) -> Poll<bool> {
        let mut waiting = self.clock.waiting.lock();
        if self.key.0 <= Instant::now() {
            return Poll::Ready(true);
        }
        if self.clock.stop.is_cancelled() {
            return Poll::Ready(false);
        }
        waiting.insert(self.key, context.waker().clone());
        let first = waiting.first_key_value().is_some_and(|(key, _)| *key == self.key);
        if first && alarm.set(self.key.0).is_err() {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.clock.waiting.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    fn going() -> (Arc<Clock>, CancellationToken) {
        let stop = CancellationToken::new();
        let clock = Arc::new(Clock::new(stop.clone()));
        let kept = Arc::clone(&clock);
        tokio::spawn(async move { kept.keep().await });
        (clock, stop)
    }

    #[tokio::test]
    async fn each_is_woken_and_none_before_its_time() {
        for alarm in [Alarm::new(), None] {
            let (stop, now) = (CancellationToken::new(), Instant::now());
            let clock = &Clock { alarm, ..Clock::new(stop.clone()) };
            let times = [9, 3, 3, 0, 1, 40].map(|wait| now + Duration::from_millis(wait));
            let waiters = times.map(|time| async move { (clock.until(time).await, Instant::now() >= time) });
            let all = async {
                let woken = join_all(waiters).await;
                stop.cancel();
                woken
            };
            let (woken, ()) = tokio::join!(all, clock.keep());
            assert!(woken.iter().all(|each| *each == (true, true)), "{woken:?}");
            assert!(clock.waiting.lock().is_empty());
        }
    }

    #[tokio::test]
    async fn one_that_gives_up_takes_nobody_s_turn() {
        let (clock, _stop) = going();
        let (soon, later) = (Duration::from_millis(5), Instant::now() + Duration::from_millis(30));
        let given_up = tokio::time::timeout(soon, clock.until(Instant::now() + soon * 2));
        let (first, second) = tokio::join!(given_up, clock.until(later));
        assert!((first.is_err() || first == Ok(true)) && second && Instant::now() >= later);
    }

    #[tokio::test]
    async fn a_stop_wakes_all_and_nobody_waits_after_it() {
        let (clock, stop) = going();
        let far = Instant::now() + Duration::from_hours(1);
        let waiting = join_all([clock.until(far), clock.until(far)]);
        let (woken, ()) = tokio::join!(waiting, async { stop.cancel() });
        assert_eq!(woken, [false, false]);
        assert!(!clock.until(far).await && clock.until(Instant::now()).await);
    }
}
