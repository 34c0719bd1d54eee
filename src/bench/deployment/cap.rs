//! The most requests that all users together may send in a second.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

/// Gives out moments, each at least an interval after the last.
#[derive(Debug)]
pub(super) struct RateCap {
    interval: Duration,
    next: Mutex<Instant>,
}

impl RateCap {
    /// `rate` requests in each second, the first of them at once.
    pub fn new(rate: f64) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate), next: Mutex::new(Instant::now()) }
    }

    /// Waits until `requests` more may be sent. Where nobody waits for it any more, its moment passes unused.
    pub async fn admit(&self, requests: u32) {
        sleep_until(self.reserve(requests, Instant::now())).await;
    }

    /// The moment that such a request gets at `now`.
    fn reserve(&self, requests: u32, now: Instant) -> Instant {
        let mut next = self.next.lock();
        let moment = (*next).max(now);
        *next = moment + self.interval * requests;
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_an_interval_apart_and_unused_ones_are_not_made_up_for() {
        let cap = RateCap::new(100.0);
        let (start, ms) = (*cap.next.lock(), Duration::from_millis);
        let moments = [(1, 0), (2, 0), (1, 0), (1, 500), (1, 500)];
        let given = moments.map(|(requests, now)| cap.reserve(requests, start + ms(now)) - start);
        assert_eq!(given, [ms(0), ms(10), ms(30), ms(500), ms(510)]);
    }
}
