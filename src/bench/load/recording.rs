//! What a population of users saw.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::mix::{Mix, Operation};
use super::plan::Load;
use super::target::{ErrorKind, Sample};

/// Latencies are kept in microseconds, to three digits, up to an hour.
const DIGITS: u8 = 3;
const LONGEST: Duration = Duration::from_hours(1);

/// Every operation of a load that was due after the warm-up.
#[derive(Debug, Clone)]
pub struct Recording {
    duration: Duration,
    deadline: Duration,
    mix: Arc<Mix>,
    samples: Vec<Sample>,
}

/// A part of a recording, or one kind of operation in it.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Operations begun.
    pub operations: usize,
    /// Those that failed.
    pub failures: usize,
    latencies: Histogram<u64>,
    services: Histogram<u64>,
}

impl Recording {
    /// The recording of `load`, of all `samples` since its beginning.
    pub(super) fn new(load: &Load, mix: Arc<Mix>, mut samples: Vec<Sample>) -> Self {
        samples.retain(|sample| sample.begun >= load.warm_up);
        samples.iter_mut().for_each(|sample| sample.begun -= load.warm_up);
        samples.sort_by_key(|sample| sample.begun);
        Self { duration: load.duration, deadline: load.deadline, mix, samples }
    }

    /// What the users do.
    #[must_use]
    pub fn mix(&self) -> &Mix {
        &self.mix
    }

    /// How many operations of each second were answered well.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let answered = self.samples.iter().filter(|sample| sample.failure.is_none()).count();
        answered as f64 / self.duration.as_secs_f64()
    }

    /// Every operation, in the order in which they were due.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Summary {
        self.summary(|_| true)
    }

    /// The operations of one kind.
    #[must_use]
    pub fn of(&self, operation: Operation) -> Summary {
        self.summary(|sample| sample.operation == operation)
    }

    /// The recording cut into `count` parts of equal time, by when operations were due. Those in which none
    /// was are left out.
    #[must_use]
    pub fn windows(&self, count: u32) -> Vec<Summary> {
        let length = self.duration / count.max(1);
        let window = |number: u32| {
            self.summary(|sample| sample.begun >= length * number && sample.begun < length * (number + 1))
        };
        (0..count).map(window).filter(|window| window.operations > 0).collect()
    }

    /// How often each kind of operation failed in which way.
    #[must_use]
    pub fn failures(&self) -> BTreeMap<(Operation, ErrorKind), usize> {
        let mut counts = BTreeMap::new();
        for sample in &self.samples {
            if let Some(failure) = &sample.failure {
                *counts.entry((sample.operation, failure.kind)).or_default() += 1;
            }
        }
        counts
    }

    fn summary(&self, included: impl Fn(&Sample) -> bool) -> Summary {
        Summary::of(self.samples.iter().filter(|sample| included(sample)), self.deadline)
    }
}

/// A line a kind of operation, with the first failure of each.
impl fmt::Display for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for operation in self.mix.operations() {
            let all = self.of(operation);
            let (mean, p95) = (all.mean(), all.percentile(95.0));
            let (name, count, failed) = (self.mix.name(operation), all.operations, all.failures);
            writeln!(formatter, "{name:12} {count:6} begun {failed:5} failed  mean {mean:?}  p95 {p95:?}")?;
        }
        for ((operation, kind), count) in self.failures() {
            let first = self.samples.iter().filter(|sample| sample.operation == operation);
            let first =
                first.filter_map(|sample| sample.failure.as_ref()).find(|failure| failure.kind == kind);
            let detail = first.map_or("", |failure| &failure.detail);
            let name = self.mix.name(operation);
            writeln!(formatter, "{name}: {count} x {kind}, as in: {detail}")?;
        }
        Ok(())
    }
}

impl Summary {
    pub(super) fn new() -> Self {
        Self { operations: 0, failures: 0, latencies: histogram(), services: histogram() }
    }

    /// The summary of these samples. A failure counts with the deadline, or with its own time where that is longer.
    pub fn of<'s>(samples: impl IntoIterator<Item = &'s Sample>, deadline: Duration) -> Self {
        let mut summary = Self::new();
        samples.into_iter().for_each(|sample| summary.add(sample, deadline));
        summary
    }

    pub(super) fn add(&mut self, sample: &Sample, deadline: Duration) {
        let service = sample.service();
        let service = if sample.failure.is_some() { service.max(deadline) } else { service };
        self.operations += 1;
        self.failures += usize::from(sample.failure.is_some());
        self.latencies.saturating_record(micros(sample.counted(deadline)).max(1));
        self.services.saturating_record(micros(service).max(1));
    }

    /// The mean latency; zero where there was no operation.
    #[must_use]
    pub fn mean(&self) -> Duration {
        Duration::from_secs_f64(self.latencies.mean() / 1e6)
    }

    /// The latency that `percent` of the operations kept to; zero where there was none.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(percent / 100.0))
    }

    /// The service time, [`Sample::service`], that `percent` of the operations kept to; zero where there was none. It
    /// leaves out what operations waited for the driver, and so flatters a server that stands still.
    #[must_use]
    pub fn service_percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.services.value_at_quantile(percent / 100.0))
    }

    /// How many in a hundred operations were answered well; none of none.
    pub(crate) fn success_percent(&self) -> f64 {
        100.0 * (self.operations - self.failures) as f64 / self.operations.max(1) as f64
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(micros(LONGEST), DIGITS)
        .expect("an hour of microseconds to three digits is within hdrhistogram's range")
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Model, Population};
    use super::super::target::Failure;
    use super::*;

    fn sample(begun: u64, latency: u64, failure: Option<ErrorKind>) -> Sample {
        Sample {
            operation: status(),
            begun: Duration::from_millis(begun),
            waited: Duration::ZERO,
            latency: Duration::from_millis(latency),
            failure: failure.map(|kind| Failure::new(kind, "seen")),
        }
    }

    fn mix() -> Mix {
        Mix::new([("status", 100.0)]).unwrap()
    }

    fn status() -> Operation {
        mix().operation("status").unwrap()
    }

    fn load() -> Load {
        let model = Model::Closed(Population::new(1, Duration::ZERO));
        Load { deadline: Duration::from_secs(5), ..Load::new("test", model, Duration::from_secs(1)) }
    }

    fn recording(samples: Vec<Sample>) -> Recording {
        Recording::new(&load(), Arc::new(mix()), samples)
    }

    fn near(left: Duration, right: Duration) -> bool {
        left.abs_diff(right) <= right / 500
    }

    /// Two that were answered and one that failed at once, in a second.
    fn one_of_three_fails() -> Recording {
        recording(vec![sample(0, 100, None), sample(10, 1, Some(ErrorKind::Refused)), sample(20, 100, None)])
    }

    #[test]
    fn a_failure_counts_as_the_deadline_and_not_as_an_answer() {
        let recording = one_of_three_fails();
        let whole = recording.whole();
        assert_eq!((whole.operations, whole.failures), (3, 1));
        assert!(near(whole.percentile(99.0), Duration::from_secs(5)), "{:?}", whole.percentile(99.0));
        assert!(near(whole.mean(), Duration::from_micros(1_733_333)), "{:?}", whole.mean());
        assert!((whole.success_percent() - 66.667).abs() < 0.001);
        assert!((recording.rate() - 2.0).abs() < 1e-9, "two in a second: {}", recording.rate());
    }

    #[test]
    fn a_service_time_leaves_out_the_wait_and_no_failure() {
        let waited = Sample { waited: Duration::from_millis(90), ..sample(0, 100, None) };
        let never_sent =
            Sample { waited: Duration::from_secs(6), ..sample(1, 6_000, Some(ErrorKind::Timeout)) };
        assert_eq!(waited.service(), Duration::from_millis(10));
        let whole = recording(vec![waited, never_sent]).whole();
        let [response, service] = [whole.percentile(50.0), whole.service_percentile(50.0)];
        assert!(near(response, Duration::from_millis(100)) && near(service, Duration::from_millis(10)));
        assert!(near(whole.service_percentile(100.0), Duration::from_secs(5)));
    }

    #[test]
    fn failures_are_counted_by_their_kind() {
        let recording = one_of_three_fails();
        assert_eq!(recording.failures(), BTreeMap::from([((status(), ErrorKind::Refused), 1)]));
        assert!(recording.to_string().contains("status: 1 x refused, as in: seen"), "{recording}");
    }

    #[test]
    fn windows_go_by_the_beginning_of_an_operation() {
        let recording = recording(vec![sample(50, 900, None), sample(99, 1, None), sample(950, 1, None)]);
        let operations: Vec<_> = recording.windows(10).iter().map(|window| window.operations).collect();
        assert_eq!(operations, [2, 1]);
        assert!(near(recording.windows(10)[0].percentile(100.0), Duration::from_millis(900)));
    }

    #[test]
    fn the_warm_up_is_in_no_number() {
        let samples = vec![sample(999, 4_000, Some(ErrorKind::Timeout)), sample(1_000, 10, None)];
        let load = Load { warm_up: Duration::from_secs(1), ..load() };
        let recording = Recording::new(&load, Arc::new(mix()), samples);
        assert_eq!(
            recording.samples().iter().map(|sample| sample.begun).collect::<Vec<_>>(),
            [Duration::ZERO]
        );
        assert_eq!((recording.whole().operations, recording.whole().failures), (1, 0));
    }

    #[test]
    fn an_empty_recording_is_no_success() {
        let whole = recording(Vec::new()).whole();
        assert_eq!((whole.operations, whole.mean()), (0, Duration::ZERO));
        assert!(whole.success_percent() < 0.1 && recording(Vec::new()).windows(10).is_empty());
    }
}
