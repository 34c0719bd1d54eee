//! One operation, from when it was due to its answer, its failure or its deadline.

use std::time::Duration;

use tokio::time::Instant;

use super::Session;
use super::deadline::Deadline;
use super::mix::Operation;
use super::outcome::{ErrorKind, Failure, Sample};

/// Does `operation`, which was due at `due`, over `session`, and notes what came of it. Its latency and its deadline
/// count from when it was due; `limit` is set to that. What is begun after its deadline is given up without asking.
pub(super) async fn attempt<S: Session>(
    session: &mut S,
    operation: Operation,
    due: Instant,
    origin: Instant,
    deadline: Duration,
    limit: &mut Deadline,
) -> Sample {
    let waited = due.elapsed();
    let outcome = if waited < deadline {
        limit.set(due + deadline);
        limit.hold(session.perform(operation)).await.unwrap_or_else(|| Err(late(deadline)))
    } else {
        Err(Failure::new(ErrorKind::Timeout, format_args!("not begun in {deadline:?}: all were busy")))
    };
    let latency = due.elapsed();
    Sample {
        operation,
        begun: due.saturating_duration_since(origin),
        waited,
        latency,
        failure: outcome.err(),
    }
}

fn late(deadline: Duration) -> Failure {
    Failure::new(ErrorKind::Timeout, format_args!("no answer in {deadline:?}"))
}

#[cfg(test)]
mod tests {
    use super::super::mix::Mix;
    use super::*;

    /// Counts what it is asked.
    struct Counting(usize);

    impl Session for Counting {
        async fn prepare(&mut self) {}

        async fn perform(&mut self, _: Operation) -> Result<(), Failure> {
            self.0 += 1;
            Ok(())
        }
    }

    /// What comes of an operation that was due `ago`, and how often it was asked.
    async fn attempted(ago: Duration, deadline: Duration) -> (Option<Failure>, usize) {
        let operation = Mix::new([("ask", 100.0)]).unwrap().operation("ask").unwrap();
        let (mut session, due) = (Counting(0), Instant::now().checked_sub(ago).unwrap());
        let mut limit = Deadline::new(due);
        let sample = attempt(&mut session, operation, due, due, deadline, &mut limit).await;
        assert!(sample.waited >= ago && sample.latency >= sample.waited, "{sample:?}");
        (sample.failure, session.0)
    }

    #[tokio::test]
    async fn what_is_begun_too_late_is_not_asked_and_has_failed() {
        let (failure, asked) = attempted(Duration::from_secs(2), Duration::from_secs(1)).await;
        let failure = failure.expect("it is too late");
        assert_eq!((failure.kind, asked), (ErrorKind::Timeout, 0));
        assert!(failure.detail.contains("all were busy"), "{failure}");
        assert_eq!(attempted(Duration::from_secs(2), Duration::from_mins(1)).await, (None, 1));
    }
}
