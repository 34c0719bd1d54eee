//! What a load is sent to, and the result of each operation. Each API or part that is loaded implements [`Target`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout, timeout_at};

use super::mix::{Mix, Operation};

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

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What was done.
    pub operation: Operation,
    /// When it was due, counted from the beginning of the load, or in a recording from the end of the warm-up. A user
    /// of the closed model begins at once; an arrival of the open one may have to wait.
    pub begun: Duration,
    /// How long it waited from there until it was sent.
    pub waited: Duration,
    /// How long it took from when it was due to its answer or its failure, and so with what it waited.
    pub latency: Duration,
    /// Why it failed, where it did.
    pub failure: Option<Failure>,
}

impl Sample {
    /// How long it took from when it was sent: what wrk2 calls the uncorrected latency.
    #[must_use]
    pub fn service(&self) -> Duration {
        self.latency.saturating_sub(self.waited)
    }

    /// The latency that statistics count: of a failure the deadline, or its own where that is longer.
    #[must_use]
    pub fn counted(&self, deadline: Duration) -> Duration {
        if self.failure.is_some() { self.latency.max(deadline) } else { self.latency }
    }
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Failure {
    /// The kind, by which failures are counted.
    pub kind: ErrorKind,
    /// What was seen.
    pub detail: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: ErrorKind, detail: impl fmt::Display) -> Self {
        Self { kind, detail: detail.to_string() }
    }

    /// What an HTTP status that was not expected means.
    pub fn of_status(status: u16, detail: impl fmt::Display) -> Self {
        let kind = match status {
            400..=499 => ErrorKind::ClientError,
            500..=599 => ErrorKind::ServerError,
            _ => ErrorKind::Protocol,
        };
        Self::new(kind, format_args!("HTTP {status}: {detail}"))
    }
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The deadline passed.
    Timeout,
    /// No connection came about.
    Refused,
    /// The server called the request wrong (4xx).
    ClientError,
    /// The server failed (5xx).
    ServerError,
    /// The connection broke, or the answer was not of the kind expected.
    Protocol,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::ClientError => "client error",
            Self::ServerError => "server error",
            Self::Protocol => "protocol error",
        })
    }
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
