//! Why a prompt was not completed.

use std::time::Duration;

/// A completion that failed after its last attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LlmError {
    /// The answer, with all attempts, took longer than the deadline.
    #[error(
        "no complete answer within {deadline:?} (attempts: {attempts}): raise the deadline or use a faster model"
    )]
    Deadline {
        /// The deadline that passed.
        deadline: Duration,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The last attempt failed: no attempt or no time was left, or another attempt would fail in the same way.
    #[error("{cause} (attempts: {attempts})")]
    Failed {
        /// Why the last attempt failed.
        cause: LlmCause,
        /// How many requests were sent.
        attempts: u32,
    },
}

impl LlmError {
    /// How many requests were sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Deadline { attempts, .. } | Self::Failed { attempts, .. } => *attempts,
        }
    }
}

/// Why one attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LlmCause {
    /// The server answered with a status other than 2xx.
    #[error("the LLM answered HTTP {status}: {message}")]
    Status {
        /// The status code.
        status: u16,
        /// The wait that the server asks for.
        retry_after: Option<Duration>,
        /// The start of the body.
        message: String,
    },
    /// The server was not reached, or the connection broke.
    #[error("no connection to the LLM: {0}")]
    Connection(String),
    /// The server sent nothing for longer than the client waits.
    #[error("the LLM was silent for {0:?}")]
    Silent(Duration),
    /// The stream ended before the model had finished.
    #[error("the LLM's answer broke off after {pieces} pieces")]
    BrokenOff {
        /// Streamed pieces of text that did arrive.
        pieces: u32,
    },
    /// The answer does not follow the protocol. Another attempt would fail in the same way.
    #[error("the LLM's answer is not of the chat completions protocol: {0}")]
    Protocol(String),
}

impl LlmCause {
    /// Whether another attempt may succeed: 429, 5xx, silence, and connections that fail or break.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status == 429 || *status >= 500,
            Self::Connection(_) | Self::Silent(_) | Self::BrokenOff { .. } => true,
            Self::Protocol(_) => false,
        }
    }
}
