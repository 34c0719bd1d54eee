//! When arrivals are due, and what they do: all of it known before the first of them.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};

use super::mix::{Mix, Operation};
use super::plan::{Arrivals, Pacing};

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
}
