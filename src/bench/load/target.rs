//! What a load is sent to: implemented by each API or part that is loaded.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout, timeout_at};

use super::mix::{Mix, Operation};
use super::outcome::{ErrorKind, Failure, Sample};

/// Something that users can send operations to.
pub trait Target: Send + Sync + 'static {
    /// One user's side of it.
    type Session: UserSession + 'static;

    /// What its users do, and how often.
    fn mix(&self) -> Arc<Mix>;

    /// The session of the user with this number. Connections may be opened later.
    fn session(&self, user: usize) -> Self::Session;
}

/// One user's connections, and what the user does over them.
pub trait UserSession: Send {
    /// Opens what can be opened before the first operation. What fails here is tried again by the operation that
    /// needs it, and counted there.
    fn prepare(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Waits until `operation` may begin, where something beside the server decides that, such as a cap on the rate of
    /// requests. In the closed model this wait is no part of the latency, as a thought is none. In the open model, whose
    /// operations are due by the clock, it is.
    fn admitted(&mut self, operation: Operation) -> impl Future<Output = ()> + Send {
        let _ = operation;
        std::future::ready(())
    }

    /// Does one operation of the target's mix and checks its answer. May be dropped halfway, at the deadline; the
    /// session is then used on.
    fn perform(&mut self, operation: Operation) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The sessions of so many users, prepared. One that is not ready by the deadline opens its connections when an operation
/// needs them.
pub(super) async fn sessions<T: Target>(target: &T, users: usize, deadline: Duration) -> Vec<T::Session> {
    let prepared = |user| async move {
        let mut session = target.session(user);
        let _ = timeout(deadline, session.prepare()).await;
        session
    };
    join_all((0..users).map(prepared)).await
}

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
