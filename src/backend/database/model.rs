//! The records.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// One call of a model.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct Event {
    /// Unique, above zero.
    pub id: i64,
    /// The thread that it was made for.
    pub thread_id: i64,
    /// The stage that made it.
    pub workload: String,
    /// The model that was called.
    pub model: String,
    /// Tokens of the prompt.
    pub input_tokens: i64,
    /// Tokens of the answer.
    pub output_tokens: i64,
    /// From the request to the last token, in milliseconds.
    pub latency_ms: f64,
    /// In US dollars.
    pub cost_usd: f64,
    /// Everything else that is known of it: a JSON object, as text.
    pub payload: String,
    /// When it was made, in microseconds since the Unix epoch.
    pub at_us: i64,
}

/// What one model did in a range of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelUsage {
    /// The model.
    pub model: String,
    /// Calls.
    pub events: i64,
    /// The mean latency of a call, in milliseconds.
    pub average_latency_ms: f64,
    /// Tokens of prompts and answers together.
    pub tokens: i64,
    /// In US dollars.
    pub cost_usd: f64,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Given by the database, rising.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// When it was started, in microseconds since the Unix epoch.
    pub created_us: i64,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Given by the database, rising.
    pub id: i64,
    /// The thread that it belongs to.
    pub thread_id: i64,
    /// Who wrote it.
    pub role: Role,
    /// The text.
    pub content: String,
    /// When it was written, in microseconds since the Unix epoch.
    pub created_us: i64,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person.
    User,
    /// The agent.
    Assistant,
    /// The platform.
    System,
}

impl Role {
    /// The name that is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::Assistant, Self::System].into_iter().find(|role| role.name() == name)
    }
}

/// This moment, as the tables keep it: microseconds since 1970 in UTC.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
