//! Progress of a load on the error stream: a line each second to a program that asks for it, else one every ten seconds.
//!
//! `bench-gate run` asks for the lines and shows them in place.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, interval_at};

use super::plan::Load;
use super::recording::Summary;
use super::target::Sample;

/// The environment variable by which a program that reads this error stream asks for a line each second: `lines`.
const VARIABLE: &str = "BENCH_PROGRESS";

/// What stands before such a line.
const PREFIX: &str = "load: ";

/// How long a session may collect samples before it adds them.
const COLLECT: Duration = Duration::from_millis(250);

/// What all sessions have added so far.
pub(super) struct Progress {
    load: Load,
    added: Mutex<Summary>,
}

impl Progress {
    pub(super) fn new(load: &Load) -> Arc<Self> {
        Arc::new(Self { load: load.clone(), added: Mutex::new(Summary::new()) })
    }

    fn add(&self, samples: &[Sample]) {
        let mut added = self.added.lock();
        for sample in samples.iter().filter(|sample| sample.begun >= self.load.warm_up) {
            added.add(sample, self.load.deadline);
        }
    }

    /// The state this long after the beginning, in less than 80 columns.
    fn line(&self, elapsed: Duration) -> String {
        let (name, added) = (&self.load.name, self.added.lock());
        let Some(recorded) = elapsed.checked_sub(self.load.warm_up).filter(|time| !time.is_zero()) else {
            return format!("{name}: warming up");
        };
        let total = self.load.duration.as_secs_f64();
        let seconds = recorded.as_secs_f64().min(total);
        let (rate, p95) = (added.operations as f64 / seconds, added.percentile(95.0).as_millis());
        format!("{name} {seconds:.0}/{total:.0} s: {rate:.0} ops/s, p95 {p95} ms, {} errors", added.failures)
    }

    /// Prints a line again and again.
    pub(super) async fn show(&self, origin: Instant) -> Infallible {
        let asked = std::env::var(VARIABLE).as_deref() == Ok("lines");
        let (prefix, every) = if asked { (PREFIX, 1) } else { ("", 10) };
        let every = Duration::from_secs(every);
        let mut ticks = interval_at(origin + every, every);
        loop {
            ticks.tick().await;
            eprintln!("{prefix}{}", self.line(origin.elapsed()));
        }
    }
}

/// The samples of one session, added to the progress from time to time.
pub(super) struct SessionProgress {
    samples: Vec<Sample>,
    added: usize,
    last: Duration,
    all: Arc<Progress>,
}

impl SessionProgress {
    pub(super) fn new(all: &Arc<Progress>) -> Self {
        Self { samples: Vec::new(), added: 0, last: Duration::ZERO, all: Arc::clone(all) }
    }

    pub(super) fn push(&mut self, sample: Sample) {
        let now = sample.begun + sample.latency;
        self.samples.push(sample);
        if now >= self.last + COLLECT {
            self.all.add(&self.samples[self.added..]);
            (self.added, self.last) = (self.samples.len(), now);
        }
    }

    pub(super) fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::super::mix::Mix;
    use super::super::plan::{Model, Population};
    use super::super::target::{ErrorKind, Failure};
    use super::*;

    fn sample(begun: f64, failed: bool) -> Sample {
        let failure = failed.then(|| Failure::new(ErrorKind::Refused, "seen"));
        let operation = Mix::new([("ask", 100.0)]).unwrap().operation("ask").unwrap();
        let (begun, latency) = (Duration::from_secs_f64(begun), Duration::from_millis(20));
        Sample { operation, begun, waited: Duration::ZERO, latency, failure }
    }

    fn progress() -> Arc<Progress> {
        let model = Model::Closed(Population::new(30, Duration::ZERO));
        let load = Load::new("burst", model, Duration::from_secs(10));
        Progress::new(&Load { warm_up: Duration::from_secs(1), ..load })
    }

    #[test]
    fn a_line_has_rate_percentile_and_errors_so_far() {
        let progress = progress();
        let mut session = SessionProgress::new(&progress);
        let samples = (0..=80).map(|number| sample(f64::from(number) * 0.05, number == 41));
        samples.for_each(|sample| session.push(sample));
        let line = |millis| progress.line(Duration::from_millis(millis));
        assert_eq!(line(900), "burst: warming up");
        assert_eq!(line(5_000), "burst 4/10 s: 15 ops/s, p95 20 ms, 1 errors");
        assert_eq!(line(13_000), "burst 10/10 s: 6 ops/s, p95 20 ms, 1 errors", "after the last begins");
    }
}
