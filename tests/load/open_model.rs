//! The open model: arrivals come at their times whatever the server does, and what they wait is in their latency.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backend_bench::bench::load::{
    Arrivals, Failure, Load, Mix, Model, Operation, Pacing, Recording, Sample, Target, UserSession, drive,
};
use tokio::time::sleep_until;

/// Answers at once, but for one stretch of time in which nothing is answered.
#[derive(Clone)]
struct Stalling {
    begin: Instant,
    end: Instant,
    mix: Arc<Mix>,
}

impl Stalling {
    /// Stalls for `lasting`, beginning after `after`.
    fn new(after: Duration, lasting: Duration) -> Self {
        let begin = Instant::now() + after;
        let mix = Arc::new(Mix::new([("ask", 75.0), ("tell", 25.0)]).unwrap());
        Self { begin, end: begin + lasting, mix }
    }

    fn never() -> Self {
        Self::new(Duration::ZERO, Duration::ZERO)
    }
}

impl Target for Stalling {
    type Session = Self;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.mix)
    }

    fn session(&self, _: usize) -> Self {
        self.clone()
    }
}

impl UserSession for Stalling {
    async fn perform(&mut self, _: Operation) -> Result<(), Failure> {
        if (self.begin..self.end).contains(&Instant::now()) {
            sleep_until(self.end.into()).await;
        }
        Ok(())
    }
}

const AT_ONCE: usize = 4;

fn arrivals(pacing: Pacing, rate: f64, seed: u64) -> Load {
    let model = Model::Open(Arrivals { rate, pacing, at_once: AT_ONCE });
    Load { seed, ..Load::new("arrivals", model, Duration::from_secs(1)) }
}

/// How many of the operations took over 100 ms, by `time`.
fn slow(recording: &Recording, time: impl Fn(&Sample) -> Duration) -> usize {
    recording.samples().iter().filter(|sample| time(sample) > Duration::from_millis(100)).count()
}

/// The sample as a driver would see it that counts from when it sent.
fn without_wait(sample: &Sample) -> Sample {
    Sample { latency: sample.service(), ..sample.clone() }
}

/// A server that stands still for 400 ms of a second, and 200 arrivals in that second: 80 are due in the stall, 60 of
/// them over 100 ms before its end. A driver that timed from when it sent would see it in the few that were under way.
#[tokio::test]
async fn a_stall_is_in_the_latency_of_all_who_waited_and_not_only_of_those_under_way() {
    let stalling = Arc::new(Stalling::new(Duration::from_millis(300), Duration::from_millis(400)));
    let recording = drive(&arrivals(Pacing::Regular, 200.0, 1), stalling).await.unwrap();
    let whole = recording.whole();
    let [honest, naive] =
        [Sample::clone, without_wait].map(|of| slow(&recording, |sample| of(sample).latency));
    assert!((190..=200).contains(&whole.operations), "arrivals kept coming: {}", whole.operations);
    assert!(honest >= 50, "{honest} of {} waited", whole.operations);
    assert!((1..=AT_ONCE).contains(&naive), "{naive} were under way when the stall began");
    assert!(whole.percentile(99.0) > Duration::from_millis(250), "{:?}", whole.percentile(99.0));
}

#[tokio::test]
async fn a_seed_gives_the_same_operations_at_the_same_times() {
    async fn due(seed: u64) -> Vec<(Duration, Operation)> {
        let load = arrivals(Pacing::Poisson, 500.0, seed);
        let recording = drive(&load, Arc::new(Stalling::never())).await.unwrap();
        recording.samples().iter().map(|sample| (sample.begun, sample.operation)).collect()
    }
    let (first, again, other) = (due(1).await, due(1).await, due(2).await);
    assert!(first.len() > 400 && first == again && first != other, "{} arrivals", first.len());
}

/// A server that never answers, and a hundred arrivals: each fails at its deadline, whether it was under way or waited
/// for one that was.
#[tokio::test]
async fn arrivals_that_find_all_busy_count_as_failures_at_their_own_deadline() {
    let stalling = Stalling::new(Duration::ZERO, Duration::from_hours(1));
    let load = Load { deadline: Duration::from_millis(200), ..arrivals(Pacing::Regular, 100.0, 1) };
    let recording = drive(&load, Arc::new(stalling)).await.unwrap();
    let whole = recording.whole();
    assert_eq!((whole.operations, whole.failures), (99, 99), "{recording}");
    let waited = recording.samples().iter().filter(|sample| sample.waited > Duration::from_millis(100));
    assert!(waited.count() > 50, "four at once, and twenty arrivals in a deadline");
}
