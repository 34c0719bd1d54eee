//! The two scales of the gate: how severe a metric is, and what the whole comes to.

use serde::{Deserialize, Serialize, Serializer};

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

/// Why a verdict is left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undecided {
    /// Everything was compared, and the data do not say more.
    Inconclusive,
    /// Something could not be judged at all.
    BadInput,
}

/// The answer of the gate. The order is that of the join: the worst finding is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything was judged, and it is good enough.
    Pass,
    /// Something is left open, and nothing failed.
    Undecided(Undecided),
    /// Something is not good enough, or could not run.
    Fail,
}

impl Verdict {
    /// The exit code: 0, 1, 2 where something could not be judged, and 3 where the data leave it open.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Undecided(Undecided::BadInput) => 2,
            Self::Undecided(Undecided::Inconclusive) => 3,
        }
    }

    /// Its name, as the reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Undecided(_) => "undecided",
            Self::Fail => "fail",
        }
    }
}

/// One reason why a verdict is not a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it makes of the verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Finding {
    pub(super) fn bad_input(reason: String) -> Self {
        Self { verdict: Verdict::Undecided(Undecided::BadInput), reason }
    }

    pub(super) fn inconclusive(reason: String) -> Self {
        Self { verdict: Verdict::Undecided(Undecided::Inconclusive), reason }
    }

    /// The verdict that `findings` come to.
    pub(super) fn worst(findings: &[Self]) -> Verdict {
        findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass)
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
