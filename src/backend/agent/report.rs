//! What the model answered, stage by stage.

use std::time::Duration;

use super::stage::Stage;

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The text of the answer.
    pub text: String,
    /// Tokens of the answer, as the server counts them; the streamed pieces where it does not say.
    pub tokens: u32,
    /// Pieces of text that the answer was streamed in.
    pub pieces: u32,
    /// From sending the attempt that succeeded to its first piece of text.
    pub time_to_first_token: Duration,
    /// From the first attempt to the end of the answer.
    pub time: Duration,
    /// How often the request was sent.
    pub attempts: u32,
}

/// What all stages made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentReport {
    /// Each stage's answer, in the order they ran.
    pub stages: Vec<StageReport>,
    /// The wait for a turn.
    pub queued: Duration,
    /// The work itself, from the first stage's prompt to the last one's answer.
    pub time: Duration,
}

/// What one stage made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// The model's answer to it.
    pub completion: Completion,
}

impl AgentReport {
    /// The answer for the user: that of the last stage.
    #[must_use]
    pub fn answer(&self) -> &str {
        self.stages.last().map_or("", |stage| &stage.completion.text)
    }

    /// Tokens of all answers.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.stages.iter().map(|stage| stage.completion.tokens).sum()
    }

    /// Requests sent to the model, with retries.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.stages.iter().map(|stage| stage.completion.attempts).sum()
    }
}
