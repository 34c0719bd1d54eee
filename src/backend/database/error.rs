//! What can go wrong with a database, and what to do about it.

use std::time::Duration;

/// A failed operation; the message names the place, the operation and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    /// The connection broke, or none could be made.
    #[error("{operation} lost the connection to {place}: {reason}; {remedy}")]
    Lost {
        /// The server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// How it broke.
        reason: String,
        /// What to do about it, and whether the operation may have been carried out.
        remedy: &'static str,
    },
    /// The user may not do it, or the server takes no writes.
    #[error(
        "{operation} is not allowed on {place}: {reason}; grant it to the user, or name another user or server"
    )]
    Denied {
        /// The server.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// What the engine said.
        reason: String,
    },
    /// The disk is full.
    #[error(
        "{operation} found no free space on {place}: {reason}; free some there, and try again: nothing was stored"
    )]
    Full {
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
