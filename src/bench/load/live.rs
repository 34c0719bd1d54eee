//! What a load has come to so far, shown on the error stream while it runs.

use std::convert::Infallible;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, interval_at};

use super::outcome::Sample;
use super::plan::Load;
use super::recording::Stretch;

/// The environment variable by which a program that reads this error stream asks for a line each second: `lines`.
pub const PROGRESS_VARIABLE: &str = "BENCH_PROGRESS";

/// What stands before such a line.
pub const PROGRESS_PREFIX: &str = "load: ";

/// How long a session may keep what it has seen to itself.
const TELL: Duration = Duration::from_millis(250);

/// What all sessions have told so far.
pub(super) struct Live {
    load: Load,
    told: Mutex<Stretch>,
}

impl Live {
    pub(super) fn new(load: &Load) -> Arc<Self> {
        Arc::new(Self { load: load.clone(), told: Mutex::new(Stretch::new()) })
    }

    fn tell(&self, samples: &[Sample]) {
        let mut told = self.told.lock();
        for sample in samples.iter().filter(|sample| sample.begun >= self.load.warm_up) {
            told.add(sample, self.load.deadline);
        }
    }

    /// How it stands, this long after the beginning: short, so that 80 columns hold it.
    fn line(&self, elapsed: Duration) -> String {
        let (name, told) = (&self.load.name, self.told.lock());
        let Some(recorded) = elapsed.checked_sub(self.load.warm_up).filter(|time| !time.is_zero()) else {
            return format!("{name}: warming up");
        };
        let (users, total) = (self.load.present(elapsed), self.load.duration.as_secs_f64());
        let seconds = recorded.as_secs_f64().min(total);
        let (rate, p95) = (told.operations as f64 / seconds, told.percentile(95.0).as_secs_f64() * 1e3);
        let doing =
            if recorded < self.load.duration { format!("{users} users") } else { "last answers".into() };
        format!(
            "{name} {seconds:.0}/{total:.0} s: {doing}, {rate:.0} ops/s, p95 {p95:.0} ms, {} errors",
            told.failures
        )
    }
}

/// What one session has seen. Now and then it tells what is new.
pub(super) struct Seen {
    samples: Vec<Sample>,
    told: usize,
    last: Duration,
    live: Arc<Live>,
}

impl Seen {
    pub(super) fn new(live: &Arc<Live>) -> Self {
        Self { samples: Vec::new(), told: 0, last: Duration::ZERO, live: Arc::clone(live) }
    }

    pub(super) fn push(&mut self, sample: Sample) {
        let now = sample.begun + sample.latency;
        self.samples.push(sample);
        if now >= self.last + TELL {
            self.live.tell(&self.samples[self.told..]);
            (self.told, self.last) = (self.samples.len(), now);
        }
    }

    pub(super) fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}

/// How progress is shown: in place on a terminal, each second to a program that asks for it, and else, in a log, every
/// ten seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    InPlace,
    Lines,
    Log,
}

impl Progress {
    pub(super) fn here() -> Self {
        let asked = std::env::var(PROGRESS_VARIABLE);
        Self::new(asked.as_deref() == Ok("lines"), stderr().is_terminal())
    }

    fn new(asked: bool, terminal: bool) -> Self {
        match (asked, terminal) {
            (true, _) => Self::Lines,
            (false, true) => Self::InPlace,
            (false, false) => Self::Log,
        }
    }

    fn every(self) -> Duration {
        Duration::from_secs(if self == Self::Log { 10 } else { 1 })
    }

    /// Shows how `live` stands, time and again.
    pub(super) async fn follow(self, live: &Live, origin: Instant) -> Infallible {
        let mut ticks = interval_at(origin + self.every(), self.every());
        loop {
            ticks.tick().await;
            self.show(&mut stderr(), &live.line(origin.elapsed()));
        }
    }

    /// A reader that has gone away is no reason to stop.
    fn show(self, out: &mut dyn Write, line: &str) {
        let _ = match self {
            // A terminal that is narrower cuts the line off: wrapped, it could not be taken back.
            Self::InPlace => write!(out, "\r\x1b[2K\x1b[?7l{line}\x1b[?7h"),
            Self::Lines => writeln!(out, "{PROGRESS_PREFIX}{line}"),
            Self::Log => writeln!(out, "{line}"),
        };
        let _ = out.flush();
    }

    /// Leaves the line to others.
    pub(super) fn end(self) {
        if self == Self::InPlace {
            self.show(&mut stderr(), "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mix::Mix;
    use super::super::outcome::{ErrorKind, Failure};
    use super::super::plan::{Model, Population, Surge};
    use super::*;

    fn load() -> Load {
        let surge = Surge { users: 120, after: Duration::from_secs(2), lasting: Duration::from_secs(1) };
        let population = Population { surge: Some(surge), ..Population::new(30, Duration::ZERO) };
        let (model, warm_up) = (Model::Closed(population), Duration::from_secs(1));
        Load { warm_up, ..Load::new("burst", model, Duration::from_secs(10)) }
    }

    fn sample(begun: f64, failed: bool) -> Sample {
        let failure = failed.then(|| Failure::new(ErrorKind::Refused, "seen"));
        let operation = Mix::new([("ask", 100.0)]).unwrap().operation("ask").unwrap();
        let (begun, latency) = (Duration::from_secs_f64(begun), Duration::from_millis(20));
        Sample { operation, begun, waited: Duration::ZERO, latency, failure }
    }

    #[test]
    fn a_line_has_users_rate_percentile_and_errors_so_far() {
        let live = Live::new(&load());
        assert_eq!(live.line(Duration::from_millis(900)), "burst: warming up");
        let mut seen = Seen::new(&live);
        let samples = (0..=80).map(|number| sample(f64::from(number) * 0.05, number == 41));
        samples.for_each(|sample| seen.push(sample));
        assert_eq!(
            live.line(Duration::from_secs(5)),
            "burst 4/10 s: 30 users, 15 ops/s, p95 20 ms, 1 errors",
        );
        assert!(live.line(Duration::from_millis(3_500)).starts_with("burst 2/10 s: 150 users, "));
        assert_eq!(seen.into_samples().len(), 81);
    }

    #[test]
    fn the_rate_is_that_of_the_time_in_which_operations_were_begun() {
        let live = Live::new(&load());
        let mut seen = Seen::new(&live);
        (0..=60).for_each(|number| seen.push(sample(1.0 + f64::from(number) * 0.15, false)));
        assert_eq!(
            live.line(Duration::from_secs(13)),
            "burst 10/10 s: last answers, 6 ops/s, p95 20 ms, 0 errors"
        );
    }

    #[test]
    fn a_terminal_has_one_line_in_place_and_a_log_one_every_ten_seconds() {
        let shown = |progress: Progress| {
            let mut out = Vec::new();
            progress.show(&mut out, "said");
            (String::from_utf8(out).unwrap(), progress.every().as_secs())
        };
        assert_eq!(shown(Progress::new(false, true)), ("\r\u{1b}[2K\u{1b}[?7lsaid\u{1b}[?7h".into(), 1));
        assert_eq!(shown(Progress::new(false, false)), ("said\n".into(), 10));
        assert_eq!(shown(Progress::new(true, true)), ("load: said\n".into(), 1));
        assert_eq!(Progress::new(true, false), Progress::Lines);
    }
}
