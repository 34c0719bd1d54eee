//! What can go wrong between a request and its report.

use std::time::Duration;

use super::report::StageReport;
use super::stage::Stage;

/// Why a run of the stages ended without a report.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is nothing to work on.
    #[error("the request is empty: say what the agent should do")]
    EmptyRequest,
    /// A stage got no answer. Those after it did not run.
    #[error("stage {stage} failed: {source}")]
    Stage {
        /// The stage that failed.
        stage: Stage,
        /// The stages before it, which did run.
        completed: Vec<StageReport>,
        /// Why it failed.
        source: LlmError,
    },
}

/// Why a prompt was not completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// The answer, with all attempts at it, took too long.
    #[error(
        "no whole answer within {deadline:?} (attempts: {attempts}): raise the deadline or use a faster model"
    )]
    Deadline {
        /// The deadline that passed.
        deadline: Duration,
        /// How often the request was sent.
        attempts: u32,
    },
    /// The last attempt failed, and there was no other: none left, no time left, or no use in one.
    #[error("{cause} (attempts: {attempts})")]
    Failed {
        /// Why the last attempt failed.
        cause: LlmCause,
        /// How often the request was sent.
        attempts: u32,
    },
}

impl LlmError {
    /// How often the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Deadline { attempts, .. } | Self::Failed { attempts, .. } => *attempts,
        }
    }
}

/// Why one attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmCause {
    /// The server answered with a status that is no success.
    #[error("the LLM answered HTTP {status}: {message}")]
    Status {
        /// The status code.
        status: u16,
        /// How long the server asks to wait before another attempt.
        retry_after: Option<Duration>,
        /// The start of the body.
        message: String,
    },
    /// The server was not reached, or the connection broke.
    #[error("no connection to the LLM: {0}")]
    Connection(String),
    /// The server took the request, or began to answer, and fell silent.
    #[error("the LLM was silent for {0:?}")]
    Silent(Duration),
    /// The answer ended before the model had finished it.
    #[error("the LLM's answer broke off after {pieces} pieces")]
    BrokenOff {
        /// Streamed pieces of text that did arrive.
        pieces: u32,
    },
    /// What came is no answer in the protocol. Another attempt would meet the same.
    #[error("the LLM's answer is not of the chat completions protocol: {0}")]
    Protocol(String),
}

impl LlmCause {
    /// Whether another attempt may well succeed: 429, 5xx, silence, and connections that fail or break.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status == 429 || *status >= 500,
            Self::Connection(_) | Self::Silent(_) | Self::BrokenOff { .. } => true,
            Self::Protocol(_) => false,
        }
    }
}
