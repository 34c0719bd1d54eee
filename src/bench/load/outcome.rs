//! The result of an operation.

use std::fmt;
use std::time::Duration;

use super::mix::Operation;

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
