//! The five stages of the pipeline, and what each asks.

use std::fmt;

use serde::Serialize;

/// One stage of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Says what kind of request it is and what it needs.
    Triage,
    /// Names the data that bears on it.
    Data,
    /// Proposes what to improve.
    Optimization,
    /// Turns proposals into steps.
    Actions,
    /// Writes the answer for the user.
    Reporting,
}

impl Stage {
    /// Every stage, in the order they run.
    pub const ALL: [Self; 5] = [Self::Triage, Self::Data, Self::Optimization, Self::Actions, Self::Reporting];

    /// The stage's name, as errors and reports have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Data => "data",
            Self::Optimization => "optimization",
            Self::Actions => "actions",
            Self::Reporting => "reporting",
        }
    }

    /// What this stage asks the model: its task, the request, and `handed_on`, the answer of the stage before.
    #[must_use]
    pub fn prompt(self, request: &str, handed_on: Option<&str>) -> String {
        let before =
            handed_on.map(|answer| format!("\n\nThe stage before found:\n{answer}")).unwrap_or_default();
        format!("{}\n\nThe request:\n{request}{before}", self.task())
    }

    fn task(self) -> &'static str {
        match self {
            Self::Triage => "Classify the request and say in two sentences what answering it needs.",
            Self::Data => {
                "Name the metrics and records that bear on the request, one line each, at most five."
            }
            Self::Optimization => "Propose up to three improvements with the effect to expect of each.",
            Self::Actions => "Turn the proposals into numbered steps that an engineer can carry out.",
            Self::Reporting => "Write the answer to the user in at most one paragraph.",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
