//! Clients that do one operation after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::bench::deployment::{DeployedApi, DeployedSession};
use crate::bench::groups::times::percentile;
use crate::bench::load::{ErrorKind, Failure, Operation, Session, Target};

/// So many failures one after the other, of whichever clients, and there is nothing left to measure.
const IN_A_ROW: usize = 20;

/// The clients of a deployment, and what went wrong for them.
#[derive(Clone)]
pub(super) struct Clients {
    api: DeployedApi,
    failures: Arc<Failures>,
}

/// What came of a batch.
pub(super) struct Batch {
    /// The time until all of it was done. A client whose operation failed counts as one that waited out the deadline.
    pub time: Duration,
    /// The time of each operation.
    latencies: Vec<Duration>,
}

#[derive(Default)]
struct Failures {
    in_a_row: AtomicUsize,
    all: AtomicUsize,
    first: Mutex<Option<Failure>>,
}

impl Clients {
    pub fn new(api: DeployedApi) -> Self {
        Self { api, failures: Arc::default() }
    }

    /// The times of `operation`, one after the other for `time`, and `fewest` at least.
    pub async fn alone(&self, operation: Operation, fewest: usize, time: Duration) -> Vec<Duration> {
        let (mut session, started) = (self.ready(0).await, Instant::now());
        let mut times = Vec::new();
        while times.len() < fewest || started.elapsed() < time {
            times.push(self.attempt(&mut session, operation).await);
        }
        times
    }

    /// Has `at_once` clients work off `operations` of the mix, whose shares they have as exactly as that number allows.
    pub async fn batch(&self, (operations, at_once): (usize, usize)) -> Batch {
        let sessions = join_all((0..at_once).map(|user| self.ready(user))).await;
        let (next, started) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let client = |session| tokio::spawn(self.clone().work_off(session, Arc::clone(&next), operations));
        let done = join_all(sessions.into_iter().map(client)).await;
        let elapsed = started.elapsed();
        let done: Vec<Vec<Duration>> =
            done.into_iter().map(|times| times.unwrap_or_else(|error| panic!("{error}"))).collect();
        let longest = done.iter().map(|times| times.iter().sum()).max().unwrap_or_default();
        Batch { time: elapsed.max(longest), latencies: done.concat() }
    }

    /// A session that has what it needs, if the server lets it.
    async fn ready(&self, user: usize) -> DeployedSession {
        let mut session = self.api.session(user);
        let _ = timeout(self.api.users().deadline, session.prepare()).await;
        session
    }

    async fn work_off(
        self,
        mut session: DeployedSession,
        next: Arc<AtomicUsize>,
        operations: usize,
    ) -> Vec<Duration> {
        let mut times = Vec::new();
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let Some(operation) = self.operation(turn).filter(|_| turn < operations) else { return times };
            times.push(self.attempt(&mut session, operation).await);
        }
    }

    /// The operation of a turn: the golden ratio's multiples lie evenly in any share, however few or many are taken.
    fn operation(&self, turn: usize) -> Option<Operation> {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let mut left = (turn as f64 * GOLDEN).fract() * 100.0;
        let chosen = self.api.users().plans.iter().position(|plan| {
            left -= plan.percent;
            left < 0.0
        });
        let last = self.api.users().plans.len() - 1;
        self.api.mix().operations().nth(chosen.unwrap_or(last))
    }

    /// The time of one operation, once the cap lets it be sent.
    async fn attempt(&self, session: &mut DeployedSession, operation: Operation) -> Duration {
        session.admitted(operation).await;
        let (deadline, started) = (self.api.users().deadline, Instant::now());
        let done = timeout(deadline, session.perform(operation)).await;
        let time = started.elapsed();
        match done.unwrap_or_else(|_| Err(Failure::new(ErrorKind::Timeout, "no answer by the deadline"))) {
            Ok(()) => {
                self.failures.in_a_row.store(0, Ordering::Relaxed);
                time
            }
            Err(failure) => {
                self.failures.note(failure);
                time.max(deadline)
            }
        }
    }
}

impl Batch {
    /// The time, in nanoseconds, that so many in a hundred operations kept to.
    pub fn percentile(&self, percent: usize) -> f64 {
        percentile(&self.latencies, percent)
    }
}

impl Failures {
    /// # Panics
    /// Too many failed in a row.
    fn note(&self, failure: Failure) {
        self.all.fetch_add(1, Ordering::Relaxed);
        let in_a_row = self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(in_a_row < IN_A_ROW, "{in_a_row} operations in a row failed, as in: {failure}");
        self.first.lock().get_or_insert(failure);
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        if let Some(first) = self.first.get_mut() {
            eprintln!("api: {} operations failed, as in: {first}", self.all.get_mut());
        }
    }
}
