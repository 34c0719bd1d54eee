//! When a population is served well again.

use std::time::Duration;

use crate::bench::load::Sample;

/// The service level that has to hold again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    /// How long 95 of a hundred operations may take.
    pub p95: Duration,
    /// How many in a hundred have to succeed.
    pub success_percent: f64,
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// The length of a window.
    pub window: Duration,
    /// Fewer operations than this in a window say nothing.
    pub fewest: usize,
    /// What a failed operation counts as.
    pub deadline: Duration,
    pub level: Level,
}

impl Watch {
    /// The time from `mended` to the end of the first window from there on that keeps the level; none, where none does
    /// before `end`. Operations belong to the window in which they were due. Times count from the beginning of the load.
    ///
    /// What failed before has to be in that window: while those who met the fault still wait, the others alone say nothing.
    pub fn recovery(&self, samples: &[Sample], mended: Duration, end: Duration) -> Option<Duration> {
        let ends = (1..).map(|number| self.window * number).take_while(|after| mended + *after <= end);
        ends.into_iter().find(|after| {
            let until = mended + *after;
            let within = |sample: &&Sample| sample.begun + self.window >= until && sample.begun < until;
            let window: Vec<_> = samples.iter().filter(within).collect();
            let failed = samples.iter().filter(|sample| sample.failure.is_some() && sample.begun < until);
            let again = |failed: &Sample| window.iter().any(|sample| sample.operation == failed.operation);
            failed.into_iter().all(again) && self.keeps(&window)
        })
    }

    fn keeps(&self, window: &[&Sample]) -> bool {
        let (mut latencies, mut succeeded) = (Vec::new(), 0);
        for sample in window {
            let failed = sample.failure.is_some();
            succeeded += usize::from(!failed);
            latencies.push(if failed { sample.latency.max(self.deadline) } else { sample.latency });
        }
        latencies.sort_unstable();
        // The nearest rank: the smallest latency that 95 of a hundred do not exceed.
        let p95 = latencies.get((latencies.len() * 95).div_ceil(100).saturating_sub(1));
        latencies.len() >= self.fewest
            && p95.is_some_and(|p95| *p95 < self.level.p95)
            && 100.0 * succeeded as f64 >= self.level.success_percent * latencies.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::{ErrorKind, Failure, Mix};

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn watch() -> Watch {
        let level = Level { p95: MS(100), success_percent: 99.0 };
        Watch { window: MS(200), fewest: 5, deadline: MS(1_000), level }
    }

    /// An operation every 10 ms for two seconds, each as `of` says for its beginning: latency, and whether it failed.
    fn samples(of: impl Fn(u64) -> (u64, bool)) -> Vec<Sample> {
        let operation = Mix::new([("ask", 100.0)]).unwrap().operation("ask").unwrap();
        let sample = |begun: u64| {
            let (latency, failed) = of(begun);
            let failure = failed.then(|| Failure::new(ErrorKind::ServerError, "seen"));
            Sample { operation, begun: MS(begun), waited: MS(0), latency: MS(latency), failure }
        };
        (0..200).map(|number| sample(number * 10)).collect()
    }

    /// The recovery from a fault that is mended after 600 ms.
    fn recovery(of: impl Fn(u64) -> (u64, bool)) -> Option<Duration> {
        watch().recovery(&samples(of), MS(600), MS(2_000))
    }

    #[test]
    fn the_first_good_window_after_the_mending_ends_the_recovery() {
        assert_eq!(recovery(|begun| (10, begun < 600)), Some(MS(200)), "at once");
        assert_eq!(recovery(|begun| (10, begun < 790)), Some(MS(400)), "the first window saw failures");
        assert_eq!(
            recovery(|begun| (if begun < 1_100 { 150 } else { 10 }, false)),
            Some(MS(800)),
            "too slow till then"
        );
    }

    #[test]
    fn what_is_never_good_again_has_not_recovered() {
        assert_eq!(recovery(|begun| (10, begun > 100)), None, "it fails to the end");
        assert_eq!(recovery(|begun| (if begun < 300 { 10 } else { 150 }, false)), None, "it stays slow");
        assert_eq!(recovery(|begun| (10, begun % 100 == 0)), None, "one in ten fails");
    }

    #[test]
    fn a_window_that_nobody_worked_in_is_no_recovery() {
        let early: Vec<_> = samples(|_| (10, false)).into_iter().filter(|it| it.begun < MS(640)).collect();
        assert_eq!(watch().recovery(&early, MS(600), MS(2_000)), None, "four operations say nothing");
        assert_eq!(watch().recovery(&[], MS(600), MS(2_000)), None);
        let whole = samples(|_| (10, false));
        assert_eq!(watch().recovery(&whole, MS(1_900), MS(2_000)), None, "no whole window is left");
    }

    #[test]
    fn what_failed_has_to_be_tried_again() {
        let mix = Mix::new([("ask", 50.0), ("tell", 50.0)]).unwrap();
        let tell = |sample: Sample| Sample { operation: mix.operation("tell").unwrap(), ..sample };
        let told = |from: u64, failed: bool| {
            samples(|_| (10, failed)).into_iter().map(tell).find(|sample| sample.begun == MS(from)).unwrap()
        };
        let mut seen = samples(|_| (10, false));
        seen.push(told(400, true));
        assert_eq!(watch().recovery(&seen, MS(600), MS(2_000)), None, "those who were told wait to the end");
        seen.push(told(1_100, false));
        assert_eq!(watch().recovery(&seen, MS(600), MS(2_000)), Some(MS(600)));
    }

    #[test]
    fn a_failure_counts_as_the_deadline_whatever_it_took() {
        let lenient = Watch { level: Level { p95: MS(100), success_percent: 90.0 }, ..watch() };
        let failing = samples(|begun| (1, begun % 200 < 20));
        assert_eq!(
            lenient.recovery(&failing, MS(600), MS(2_000)),
            None,
            "a tenth of failures is above the 95th percentile"
        );
        assert_eq!(
            lenient.recovery(&samples(|begun| (1, begun % 200 == 0)), MS(600), MS(2_000)),
            Some(MS(200))
        );
    }
}
