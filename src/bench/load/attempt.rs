//! One operation, from when it was due to its answer, its failure or its deadline.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::mix::Operation;
use super::outcome::{ErrorKind, Failure, Sample};
use super::target::UserSession;

/// Does `operation`, which was due at `due`, over `session`. Its latency and its deadline count from when it was due. An
/// operation that could only begin after its deadline fails without a request.
pub(super) async fn attempt<S: UserSession>(
    session: &mut S,
    operation: Operation,
    due: Instant,
    origin: Instant,
    deadline: Duration,
) -> Sample {
    let (begun, waited) = (due.saturating_duration_since(origin), due.elapsed());
    let late = |detail| Err(Failure::new(ErrorKind::Timeout, format_args!("{detail} in {deadline:?}")));
    let outcome = if waited < deadline {
        timeout_at(due + deadline, session.perform(operation)).await.unwrap_or_else(|_| late("no answer"))
    } else {
        late("all sessions were busy: not begun")
    };
    Sample { operation, begun, waited, latency: due.elapsed(), failure: outcome.err() }
}

#[cfg(test)]
mod tests {
    use super::super::mix::Mix;
    use super::*;

    /// Counts its operations.
    struct Counting(usize);

    impl UserSession for Counting {
        async fn perform(&mut self, _: Operation) -> Result<(), Failure> {
            self.0 += 1;
            Ok(())
        }
    }

    /// The failure of an operation that was due `ago`, and how often it was done.
    async fn attempted(ago: Duration, deadline: Duration) -> (Option<Failure>, usize) {
        let operation = Mix::new([("ask", 100.0)]).unwrap().operation("ask").unwrap();
        let (mut session, due) = (Counting(0), Instant::now().checked_sub(ago).unwrap());
        let sample = attempt(&mut session, operation, due, due, deadline).await;
        assert!(sample.waited >= ago && sample.latency >= sample.waited, "{sample:?}");
        (sample.failure, session.0)
    }

    #[tokio::test]
    async fn an_operation_past_its_deadline_fails_without_a_request() {
        let (failure, asked) = attempted(Duration::from_secs(2), Duration::from_secs(1)).await;
        let failure = failure.expect("it is too late");
        assert_eq!((failure.kind, asked), (ErrorKind::Timeout, 0));
        assert!(failure.detail.contains("all sessions were busy"), "{failure}");
        assert_eq!(attempted(Duration::from_secs(2), Duration::from_mins(1)).await, (None, 1));
    }
}
