//! What can go wrong with a database, and what to do about it.

use std::time::Duration;

/// A failed operation; the message names the place, the operation and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be opened.
    #[error("cannot open {place}: {reason}; {remedy}")]
    Open {
        /// The file or server.
        place: String,
        /// What the engine said.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The schema that was found is not one that this version can use.
    #[error("the schema of {place} cannot be used: {reason}; use another database, or move this one away")]
    Schema {
        /// The file or server.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Every connection stayed in use.
    #[error(
        "no connection to {place} became free within {waited:?} (the pool has {connections}): \
         raise `connections`, or hold each for less long"
    )]
    PoolTimeout {
        /// The file or server.
        place: String,
        /// The pool's limit.
        connections: u32,
        /// How long was waited.
        waited: Duration,
    },
    /// The operation took too long.
    #[error(
        "{operation} on {place} took longer than {limit:?}: raise `query_timeout`, or ask for less at once"
    )]
    Timeout {
        /// The file or server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// The deadline.
        limit: Duration,
    },
    /// Another process holds the database.
    #[error(
        "{operation} found {place} locked: end the other process that writes to it, or raise `lock_timeout`"
    )]
    Locked {
        /// The file or server.
        place: String,
        /// What was being done.
        operation: &'static str,
    },
    /// The data breaks a rule of the schema.
    #[error("{operation} was refused by {place}: {reason}; correct the data")]
    Refused {
        /// The file or server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// The rule.
        reason: String,
    },
    /// The connection was lost, or there was none to be had.
    #[error(
        "{operation} lost its connection to {place} ({reason}): check that the server runs; what was written may be \
         stored or not, so count before you write it again"
    )]
    Lost {
        /// The file or server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// What became of the connection.
        reason: String,
    },
    /// The user may not do that.
    #[error("{operation} is not allowed on {place}: {reason}; grant it to this user, or name another user")]
    Denied {
        /// The file or server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// What the engine said.
        reason: String,
    },
    /// Anything else that the engine reports.
    #[error("{operation} failed on {place}: {source}")]
    Query {
        /// The file or server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
