//! The open model: arrivals that are due whether or not the server has answered those before.
//!
//! ```text
//! Schedule -> Queue -> the session that has been free for longest: it waits until the arrival is due, and does it
//! ```
//!
//! The session that does an operation waits for its time itself, so that no task stands between the timer and the request.
//! Where all sessions are busy, an arrival that comes due is taken late.

use std::sync::Arc;
use std::time::Duration;

use async_io::Timer;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};
use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use super::mix::{Mix, Operation};
use super::plan::{Arrivals, Pacing};
use super::progress::SessionProgress;
use super::target::Sample;
use super::target::{UserSession, attempt};

/// How much earlier the timer ends, since a processor that sleeps takes some time to wake. The rest is waited for in turns
/// with other tasks.
const EARLY: Duration = Duration::from_micros(60);

/// One operation that is to be begun at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// When, counted from the beginning of the load.
    pub due: Duration,
    /// What.
    pub operation: Operation,
}

/// The arrivals of a load, in their order. The same seed gives the same ones.
///
/// With [`Pacing::Poisson`] the times between them are independent and exponentially distributed with the mean
/// 1 / rate, so that the number of arrivals in any stretch of time has a Poisson distribution.
pub(super) struct Schedule {
    random: StdRng,
    mix: Arc<Mix>,
    pacing: Pacing,
    interval: f64,
    due: f64,
    end: Duration,
}

impl Schedule {
    pub(super) fn new(arrivals: Arrivals, mix: Arc<Mix>, seed: u64, end: Duration) -> Self {
        let (random, interval) = (StdRng::seed_from_u64(seed), 1.0 / arrivals.rate);
        Self { random, mix, pacing: arrivals.pacing, interval, due: 0.0, end }
    }
}

impl Iterator for Schedule {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let intervals: f64 = match self.pacing {
            Pacing::Poisson => Exp1.sample(&mut self.random),
            Pacing::Regular => 1.0,
        };
        self.due += intervals * self.interval;
        let due = Duration::try_from_secs_f64(self.due).ok().filter(|due| *due < self.end)?;
        Some(Arrival { due, operation: self.mix.draw(&mut self.random) })
    }
}

/// Arrivals that no session has taken. The first in line has the lock, and waits for the next of them.
pub(super) struct Queue(Mutex<Pace>);

impl Queue {
    /// The arrivals of `schedule`, each due at its time after `origin`.
    pub(super) fn new(schedule: Schedule, origin: Instant) -> Self {
        Self(Mutex::new(Pace { schedule, origin }))
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
}

impl Pace {
    /// Waits until `due`, by `async-io`'s timer: tokio's rounds up to whole milliseconds.
    async fn wait_until(&self, due: Duration) {
        let due = self.origin + due;
        if let Some(early) = due.checked_sub(EARLY).filter(|early| Instant::now() < *early) {
            Timer::at(early.into_std()).await;
        }
        while Instant::now() < due {
            yield_now().await;
        }
    }
}

/// Takes arrivals from `queue` over one session until there are no more.
pub(super) async fn serve<S: UserSession>(
    queue: Arc<Queue>,
    mut session: S,
    origin: Instant,
    deadline: Duration,
    mut progress: SessionProgress,
) -> Vec<Sample> {
    while let Some(Arrival { due, operation }) = queue.next().await {
        let due = origin + due;
        let _ = timeout_at(due + deadline, session.admitted(operation)).await;
        progress.push(attempt(&mut session, operation, due, origin, deadline).await);
    }
    progress.into_samples()
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Duration = Duration::from_secs(100);

    fn schedule(pacing: Pacing, seed: u64) -> Vec<Arrival> {
        let mix = Mix::new([("read", 70.0), ("write", 30.0)]).unwrap();
        let arrivals = Arrivals { rate: 200.0, pacing, at_once: 1 };
        Schedule::new(arrivals, Arc::new(mix), seed, END).collect()
    }

    /// Mean and standard deviation of the times between arrivals, in seconds.
    fn intervals(arrivals: &[Arrival]) -> (f64, f64) {
        let due: Vec<f64> = arrivals.iter().map(|arrival| arrival.due.as_secs_f64()).collect();
        let between: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let count = between.len() as f64;
        let mean = between.iter().sum::<f64>() / count;
        let variance = between.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance.sqrt())
    }

    /// Of 20,000 arrivals, the mean of the times between them has a standard error of 0.7 %, and so has their
    /// standard deviation, nearly: the bounds are four of them.
    #[test]
    fn a_poisson_schedule_has_its_mean_and_its_spread() {
        for seed in 1..=5 {
            let arrivals = schedule(Pacing::Poisson, seed);
            let (mean, deviation) = intervals(&arrivals);
            assert!((mean / 0.005 - 1.0).abs() < 0.03, "mean {mean}");
            assert!((deviation / 0.005 - 1.0).abs() < 0.045, "standard deviation {deviation}");
            assert!(arrivals.iter().all(|arrival| arrival.due < END));
        }
    }

    /// Of a Poisson process, the variance of the counts in equal stretches is their mean.
    #[test]
    fn arrivals_in_a_stretch_are_poisson_distributed() {
        let mut counts = vec![0.0_f64; 1_000];
        for arrival in schedule(Pacing::Poisson, 7) {
            counts[usize::try_from(arrival.due.as_millis() / 100).unwrap()] += 1.0;
        }
        let mean = counts.iter().sum::<f64>() / 1_000.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 999.0;
        assert!((variance / mean - 1.0).abs() < 0.2, "variance {variance}, mean {mean}");
    }

    #[test]
    fn regular_arrivals_are_as_far_from_each_other() {
        let (mean, deviation) = intervals(&schedule(Pacing::Regular, 1));
        assert!((mean - 0.005).abs() < 1e-9 && deviation < 1e-8, "{mean} {deviation}");
    }

    #[test]
    fn a_seed_gives_the_same_arrivals_again() {
        let (first, again, other) =
            (schedule(Pacing::Poisson, 1), schedule(Pacing::Poisson, 1), schedule(Pacing::Poisson, 2));
        assert_eq!(first, again);
        assert_ne!(first[..100], other[..100]);
    }

    #[tokio::test]
    async fn none_is_taken_before_it_is_due_and_all_are() {
        let arrivals = Arrivals { rate: 1_000.0, pacing: Pacing::Poisson, at_once: 1 };
        let mix = Arc::new(Mix::new([("ask", 100.0)]).unwrap());
        let schedule = || Schedule::new(arrivals, Arc::clone(&mix), 1, Duration::from_millis(100));
        let origin = Instant::now();
        let queue = Queue::new(schedule(), origin);
        let mut taken = Vec::new();
        while let Some(arrival) = queue.next().await {
            assert!(origin.elapsed() >= arrival.due, "{arrival:?}");
            taken.push(arrival);
        }
        assert!(taken.len() > 50 && taken.iter().eq(schedule().collect::<Vec<_>>().iter()), "{taken:?}");
    }
}
