//! The two scales of the gate: how severe a metric is, and what the whole comes to.

use serde::{Deserialize, Serialize};

/// How a metric stands against its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Better than the baseline.
    Info,
    /// Between baseline and warning.
    Low,
    /// Between warning and critical.
    Medium,
    /// Beyond critical.
    Critical,
}

impl Severity {
    /// All of them, from the mildest.
    pub const ALL: [Self; 4] = [Self::Info, Self::Low, Self::Medium, Self::Critical];

    /// Whether a metric of this severity passes.
    #[must_use]
    pub fn passes(self) -> bool {
        self <= Self::Low
    }

    /// Its name, as the reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::Critical => "CRITICAL",
        }
    }
}

/// The answer of the gate. The order is that of the join: the worst finding is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was judged, and it is good enough.
    Pass,
    /// Something could not be judged, and nothing failed.
    Undecided,
    /// Something is not good enough, or could not run.
    Fail,
}

impl Verdict {
    /// The exit code: 0, 2 and 1.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Undecided => 2,
        }
    }
}
