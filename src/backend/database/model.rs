//! The records, and how sqlx reads them: columns come in the order of the fields.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

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
#[non_exhaustive]
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
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::Assistant, Self::System].into_iter().find(|role| role.name() == name)
    }
}

/// The time in microseconds since the Unix epoch, as the tables keep it.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl<'r, R: Row> FromRow<'r, R> for Event
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    f64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            thread_id: row.try_get(1)?,
            workload: row.try_get(2)?,
            model: row.try_get(3)?,
            input_tokens: row.try_get(4)?,
            output_tokens: row.try_get(5)?,
            latency_ms: row.try_get(6)?,
            cost_usd: row.try_get(7)?,
            // PostgreSQL sends JSON as its text, which sqlx would not take for a `String`.
            payload: row.try_get_unchecked(8)?,
            at_us: row.try_get(9)?,
        })
    }
}

impl<'r, R: Row> FromRow<'r, R> for ModelUsage
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    f64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            model: row.try_get(0)?,
            events: row.try_get(1)?,
            average_latency_ms: row.try_get(2)?,
            tokens: row.try_get(3)?,
            cost_usd: row.try_get(4)?,
        })
    }
}

impl<'r, R: Row> FromRow<'r, R> for Thread
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self { id: row.try_get(0)?, title: row.try_get(1)?, created_us: row.try_get(2)? })
    }
}

impl<'r, R: Row> FromRow<'r, R> for Message
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let role: String = row.try_get(2)?;
        let unknown = || sqlx::Error::Decode(format!("{role:?} is not a role of a message").into());
        Ok(Self {
            id: row.try_get(0)?,
            thread_id: row.try_get(1)?,
            role: Role::from_name(&role).ok_or_else(unknown)?,
            content: row.try_get(3)?,
            created_us: row.try_get(4)?,
        })
    }
}
