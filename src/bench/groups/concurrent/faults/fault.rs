//! What breaks.

use crate::bench::services::postgres;

/// A fault of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The model answers every request with 429 or 500, in turn.
    LlmErrors,
    /// The model takes requests and says nothing.
    LlmHangs,
    /// Connections to PostgreSQL break, and new ones are refused.
    DatabaseCut,
    /// Another connection holds SQLite's lock for writing.
    DatabaseLocked,
    /// One in ten of the clients of a busy room stops reading.
    SlowReaders,
    /// The cache forgets all it has, again and again.
    CacheCleared,
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::LlmErrors,
        Self::LlmHangs,
        Self::DatabaseCut,
        Self::DatabaseLocked,
        Self::SlowReaders,
        Self::CacheCleared,
    ];

    /// The engine that it cannot do without, where that is one that a machine may lack.
    pub fn engine(self) -> Option<&'static str> {
        (self == Self::DatabaseCut).then_some(postgres::ENGINE)
    }

    /// Its name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::LlmErrors => "llm_errors",
            Self::LlmHangs => "llm_hangs",
            Self::DatabaseCut => "database_cut",
            Self::DatabaseLocked => "database_locked",
            Self::SlowReaders => "slow_readers",
            Self::CacheCleared => "cache_cleared",
        }
    }
}
