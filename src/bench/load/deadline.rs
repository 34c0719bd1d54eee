//! A deadline that one operation after the other is held to.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::time::{Instant, Sleep, sleep_until};

/// One timer for all operations of a session: set later, it is not taken out of the runtime's timers and put back, as a
/// new one for each would be.
pub(super) struct Deadline(Pin<Box<Sleep>>);

impl Deadline {
    pub(super) fn new(first: Instant) -> Self {
        Self(Box::pin(sleep_until(first)))
    }

    /// Moves it.
    pub(super) fn set(&mut self, until: Instant) {
        self.0.as_mut().reset(until);
    }

    /// What comes of `work`; nothing where the deadline is first.
    pub(super) async fn hold<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.0.as_mut().poll(context).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn work_is_held_to_the_deadline_that_was_set_last() {
        let started = Instant::now();
        let mut deadline = Deadline::new(started + Duration::from_mins(1));
        assert_eq!(deadline.hold(ready(1)).await, Some(1));
        for wait in [30, 10, 20].map(Duration::from_millis) {
            let until = Instant::now() + wait;
            deadline.set(until);
            assert_eq!(deadline.hold(pending::<()>()).await, None);
            assert!(Instant::now() >= until);
        }
        assert!(started.elapsed() < Duration::from_mins(1));
        assert_eq!(deadline.hold(ready(2)).await, Some(2), "what is done at once is done");
    }

    /// Work that ends before it, and a deadline that has to wake the task after it was moved.
    #[tokio::test]
    async fn a_deadline_moves_while_its_timer_runs() {
        let mut deadline = Deadline::new(Instant::now() + Duration::from_millis(5));
        let slow = |millis| tokio::time::sleep(Duration::from_millis(millis));
        for _ in 0..3 {
            deadline.set(Instant::now() + Duration::from_secs(20));
            assert!(deadline.hold(slow(8)).await.is_some());
        }
        deadline.set(Instant::now() + Duration::from_millis(5));
        assert!(deadline.hold(slow(20_000)).await.is_none());
    }
}
