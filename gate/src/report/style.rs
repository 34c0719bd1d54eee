//! How verdicts, severities and outcomes are marked and coloured.
//!
//! Styles are always written; the stream that the program prints to removes them where there is no terminal.

use owo_colors::Style;

use crate::judge::{ComparedRow, Severity, Verdict};
use crate::stats::Outcome;

/// The colour of a severity.
pub(super) fn severity(severity: Severity) -> Style {
    match severity {
        Severity::Info => Style::new().green(),
        Severity::Low => Style::new().cyan(),
        Severity::Medium => Style::new().yellow(),
        Severity::Critical => Style::new().red().bold(),
    }
}

/// The sign that stands before a verdict.
pub(super) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✅",
        Verdict::Fail => "❌",
        Verdict::Undecided(_) => "⚠️ ",
    }
}

/// The colour of a verdict.
pub(super) fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => Style::new().green().bold(),
        Verdict::Undecided(_) => Style::new().yellow().bold(),
        Verdict::Fail => Style::new().red().bold(),
    }
}

/// The colour of an outcome.
pub(super) fn outcome(row: &ComparedRow) -> Style {
    match row.change.outcome {
        Outcome::Improved | Outcome::Unchanged => Style::new().green(),
        Outcome::Regressed | Outcome::Missing if row.accepted.is_none() => Style::new().red().bold(),
        Outcome::Regressed | Outcome::Missing | Outcome::Inconclusive => Style::new().yellow(),
        Outcome::New => Style::new().cyan(),
    }
}
