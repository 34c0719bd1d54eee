//! When a population is served well again.

use std::time::Duration;

use crate::bench::groups::concurrent::system::ServiceLevel;
use crate::bench::load::{Sample, Summary};

/// When a population counts as recovered.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecoveryRule {
    /// The length of a window.
    pub window: Duration,
    /// Fewer operations than this in a window say nothing.
    pub fewest: usize,
    /// What a failed operation counts as.
    pub deadline: Duration,
    pub level: ServiceLevel,
}

impl RecoveryRule {
    /// The time from `healed` to the end of the first window from there on that keeps the level; none, where none does
    /// before `end`. Operations belong to the window in which they were due. Times count from the beginning of the load.
    ///
    /// What failed before has to be in that window: while those who met the fault still wait, the others alone say nothing.
    pub fn recovery(&self, samples: &[Sample], healed: Duration, end: Duration) -> Option<Duration> {
        let ends = (1..).map(|number| self.window * number).take_while(|after| healed + *after <= end);
        ends.into_iter().find(|after| {
            let until = healed + *after;
            let within = |sample: &&Sample| sample.begun + self.window >= until && sample.begun < until;
            let window: Vec<_> = samples.iter().filter(within).collect();
            let failed = samples.iter().filter(|sample| sample.failure.is_some() && sample.begun < until);
            let again = |failed: &Sample| window.iter().any(|sample| sample.operation == failed.operation);
            let seen = Summary::of(window.iter().copied(), self.deadline);
            failed.into_iter().all(again) && seen.operations >= self.fewest && self.level.holds(&seen)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::{ErrorKind, Failure, Mix};

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn rule() -> RecoveryRule {
        let level = ServiceLevel { p95: MS(100), success_percent: 99.0 };
        RecoveryRule { window: MS(200), fewest: 5, deadline: MS(1_000), level }
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

    /// The recovery from a fault that is healed after 600 ms.
    fn recovery(of: impl Fn(u64) -> (u64, bool)) -> Option<Duration> {
        rule().recovery(&samples(of), MS(600), MS(2_000))
    }

    #[test]
    fn the_first_good_window_after_the_healing_ends_the_recovery() {
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
    fn a_window_with_few_operations_is_no_recovery() {
        let early: Vec<_> = samples(|_| (10, false)).into_iter().filter(|it| it.begun < MS(640)).collect();
        assert_eq!(rule().recovery(&early, MS(600), MS(2_000)), None, "four operations say nothing");
        assert_eq!(rule().recovery(&[], MS(600), MS(2_000)), None);
        let whole = samples(|_| (10, false));
        assert_eq!(rule().recovery(&whole, MS(1_900), MS(2_000)), None, "no whole window is left");
    }

    #[test]
    fn a_failed_kind_has_to_succeed_again() {
        let mix = Mix::new([("ask", 50.0), ("tell", 50.0)]).unwrap();
        let tell = |sample: Sample| Sample { operation: mix.operation("tell").unwrap(), ..sample };
        let told = |from: u64, failed: bool| {
            samples(|_| (10, failed)).into_iter().map(tell).find(|sample| sample.begun == MS(from)).unwrap()
        };
        let mut seen = samples(|_| (10, false));
        seen.push(told(400, true));
        assert_eq!(rule().recovery(&seen, MS(600), MS(2_000)), None, "the other kind waits to the end");
        seen.push(told(1_100, false));
        assert_eq!(rule().recovery(&seen, MS(600), MS(2_000)), Some(MS(600)));
    }

    #[test]
    fn a_failure_counts_as_the_deadline_whatever_it_took() {
        let lenient = RecoveryRule { level: ServiceLevel { p95: MS(100), success_percent: 90.0 }, ..rule() };
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
