//! The batch model: a fixed list of operations, worked off without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::mix::Operation;
use super::recording::Summary;
use super::target::Sample;
use super::target::attempt;
use super::target::{Target, UserSession, sessions};

/// After so many failures one after the other, of whichever users, there is nothing left to measure.
const FAILURES_IN_A_ROW: usize = 20;

/// What came of a batch.
pub struct Batch<S> {
    /// The time until all of it was done. A user whose operation failed counts as one that waited out the deadline.
    pub time: Duration,
    /// Every operation.
    pub samples: Vec<Sample>,
    /// The sessions, with what they keep of the answers.
    pub sessions: Vec<S>,
}

/// What the users of a batch share.
struct Shared {
    operations: Arc<[Operation]>,
    deadline: Duration,
    /// The first operation that no user has taken.
    next: AtomicUsize,
    failures_in_a_row: AtomicUsize,
}

impl<S: UserSession + 'static> Batch<S> {
    /// Has `users` users of `target` work off `operations`. Each takes the next one as soon as its last is answered.
    ///
    /// # Panics
    /// A session panicked, or twenty operations in a row failed.
    pub async fn run<T: Target<Session = S>>(
        target: &T,
        operations: Arc<[Operation]>,
        users: usize,
        deadline: Duration,
    ) -> Self {
        let shared = Arc::new(Shared::new(operations, users, deadline));
        let sessions = sessions(target, users, deadline).await;
        let (mut work, started) = (JoinSet::new(), Instant::now());
        for (user, session) in sessions.into_iter().enumerate() {
            work.spawn(work_off(Arc::clone(&shared), user, session));
        }
        let done = work.join_all().await;
        Self::of(started.elapsed(), done, deadline)
    }

    fn of(elapsed: Duration, done: Vec<(S, Vec<Sample>)>, deadline: Duration) -> Self {
        let counted = |samples: &Vec<Sample>| samples.iter().map(|it| it.counted(deadline)).sum();
        let slowest = done.iter().map(|(_, samples)| counted(samples)).max().unwrap_or_default();
        let (sessions, samples): (Vec<S>, Vec<_>) = done.into_iter().unzip();
        Self { time: elapsed.max(slowest), samples: samples.concat(), sessions }
    }

    /// The latencies of the batch.
    #[must_use]
    pub fn summary(&self, deadline: Duration) -> Summary {
        Summary::of(&self.samples, deadline)
    }
}

/// The work of one user. It begins with the operation of its number, so that a batch of one operation a user gives each
/// user one.
async fn work_off<S: UserSession>(shared: Arc<Shared>, user: usize, mut session: S) -> (S, Vec<Sample>) {
    let (mut samples, mut turn) = (Vec::new(), user);
    while let Some(operation) = shared.operations.get(turn) {
        let sample = timed(&mut session, *operation, shared.deadline).await;
        shared.count(&sample);
        samples.push(sample);
        turn = shared.next.fetch_add(1, Relaxed);
    }
    (session, samples)
}

impl Shared {
    fn new(operations: Arc<[Operation]>, users: usize, deadline: Duration) -> Self {
        Self { operations, deadline, next: AtomicUsize::new(users), failures_in_a_row: AtomicUsize::new(0) }
    }

    fn count(&self, sample: &Sample) {
        let Some(failure) = &sample.failure else { return self.failures_in_a_row.store(0, Relaxed) };
        let failed = self.failures_in_a_row.fetch_add(1, Relaxed) + 1;
        assert!(failed < FAILURES_IN_A_ROW, "{failed} operations in a row failed, such as: {failure}");
    }
}

/// Does `operation` again and again over one session, for `time` and `fewest` times at least.
pub(crate) async fn one_by_one<S: UserSession>(
    session: &mut S,
    operation: Operation,
    (fewest, time): (usize, Duration),
    deadline: Duration,
) -> Vec<Sample> {
    let (started, mut samples) = (Instant::now(), Vec::<Sample>::new());
    while samples.len() < fewest || started.elapsed() < time {
        samples.push(timed(session, operation, deadline).await);
        let failed = samples.iter().rev().take_while(|sample| sample.failure.is_some()).count();
        assert!(failed < FAILURES_IN_A_ROW, "{failed} operations in a row failed: {:?}", samples.last());
    }
    samples
}

/// One operation, timed from when it may be sent.
async fn timed<S: UserSession>(session: &mut S, operation: Operation, deadline: Duration) -> Sample {
    session.admitted(operation).await;
    let now = Instant::now();
    attempt(session, operation, now, now, deadline).await
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorKind, Failure, Mix};
    use super::*;

    /// Notes its operations, and fails them all where told.
    #[derive(Clone)]
    struct Noting {
        done: Vec<usize>,
        fails: bool,
    }

    impl Target for Noting {
        type Session = Self;

        fn mix(&self) -> Arc<Mix> {
            Arc::new(Mix::new([("read", 75.0), ("write", 25.0)]).unwrap())
        }

        fn session(&self, _: usize) -> Self {
            self.clone()
        }
    }

    impl UserSession for Noting {
        async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
            self.done.push(operation.position());
            if self.fails { Err(Failure::new(ErrorKind::Protocol, "told to")) } else { Ok(()) }
        }
    }

    async fn batch(operations: usize, users: usize, fails: bool) -> Batch<Noting> {
        let target = Noting { done: Vec::new(), fails };
        let operations = target.mix().spread(operations);
        Batch::run(&target, operations, users, Duration::from_secs(7)).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_operation_is_done_once_and_each_user_has_its_first() {
        let all = batch(40, 4, false).await;
        let done: Vec<usize> = all.sessions.iter().flat_map(|session| session.done.clone()).collect();
        let writes = done.iter().filter(|position| **position == 1).count();
        assert_eq!((done.len(), all.samples.len()), (40, 40));
        assert!((9..=11).contains(&writes), "{writes} of 40");
        let one_each = batch(6, 6, false).await;
        assert!(one_each.sessions.iter().all(|session| session.done.len() == 1));
    }

    #[tokio::test]
    async fn a_failure_takes_the_deadline() {
        let failed = batch(3, 2, true).await;
        assert_eq!(failed.time, Duration::from_secs(14), "one of the two users had two operations");
        assert_eq!(failed.summary(Duration::from_secs(7)).failures, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "20 operations in a row failed")]
    async fn twenty_failures_in_a_row_end_the_batch() {
        let _ = batch(100, 1, true).await;
    }
}
