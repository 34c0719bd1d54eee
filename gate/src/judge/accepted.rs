//! Acknowledgements: which rows they cover, and which cover nothing any more.

use std::path::Path;

use jiff::civil::Date;

use super::ComparedRow;
use crate::model::benchmark::category_of;
use crate::model::error::Error;
use crate::stats::Outcome;
use crate::thresholds::Accepted;

/// Marks those of `rows` that are `accepted` in the thresholds file `path`, as of `today`.
///
/// # Errors
/// An acknowledgement has expired, or nothing is left to acknowledge: its row is no worse, or there is no such row
/// though its category was compared. A row that is inconclusive decides neither way, and is left covered.
pub fn acknowledge(
    rows: &mut [ComparedRow],
    path: &Path,
    accepted: &[Accepted],
    today: Date,
) -> Result<(), Error> {
    for entry in accepted {
        let problem = match rows.iter().position(|row| row.change.id == entry.id) {
            _ if entry.until < today => Some(format!("has expired on {}", entry.until)),
            Some(at) => cover(&mut rows[at], entry),
            None if rows.iter().any(|row| category_of(&row.change.id) == category_of(&entry.id)) => {
                Some("is on neither side (it is a whole id, not a pattern)".to_owned())
            }
            None => None,
        };
        if let Some(problem) = problem {
            let problem = format!("accepted `{}` {problem}: remove the entry", entry.id);
            return Err(Error::Threshold { path: path.to_owned(), line: entry.line, problem });
        }
    }
    Ok(())
}

/// Covers `row` by `entry`, or says why there is nothing to cover.
fn cover(row: &mut ComparedRow, entry: &Accepted) -> Option<String> {
    match row.change.outcome {
        Outcome::Regressed | Outcome::Missing | Outcome::Inconclusive => {
            row.accepted = Some(entry.clone());
            None
        }
        Outcome::Improved => Some("has improved".to_owned()),
        Outcome::Unchanged => Some("is unchanged".to_owned()),
        Outcome::New => Some("is new".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::stats::Change;
    use crate::thresholds::policies::RowPolicy;
    use crate::thresholds::{Better, Statistic};

    fn row(id: &str, outcome: Outcome) -> ComparedRow {
        let change = Change {
            id: id.into(),
            outcome,
            ratio: None,
            interval: None,
            pairs: 0,
            detectable: None,
            runs_needed: None,
        };
        let (better, statistic) = (Better::Lower, Statistic::P10);
        let policy =
            RowPolicy { better, statistic, margin: 0.02, soft_margin: None, critical: None, required: true };
        ComparedRow { change, policy, accepted: None }
    }

    /// Acknowledges `a/b` until the last day of January, on `day` of that month or of the next.
    fn on(day: Date, rows: &mut [ComparedRow]) -> Result<(), String> {
        let entry = Accepted { id: "a/b".into(), reason: "known".into(), until: date(2027, 1, 31), line: 7 };
        acknowledge(rows, Path::new("t.toml"), &[entry], day).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_worse_gone_or_open_is_covered_to_the_last_day() {
        for outcome in [Outcome::Regressed, Outcome::Missing, Outcome::Inconclusive] {
            let mut rows = [row("a/a", outcome), row("a/b", outcome)];
            on(date(2027, 1, 31), &mut rows).unwrap();
            assert_eq!(rows.map(|row| row.accepted.is_some()), [false, true], "{outcome:?}");
        }
    }

    #[test]
    fn an_expired_acknowledgement_is_an_error_whatever_it_covers() {
        for outcome in [Outcome::Regressed, Outcome::Unchanged] {
            let error = on(date(2027, 2, 1), &mut [row("a/b", outcome)]).unwrap_err();
            assert!(error.starts_with("t.toml:7: accepted `a/b` has expired on 2027-01-31"), "{error}");
        }
    }

    #[test]
    fn an_acknowledgement_of_nothing_is_an_error() {
        for (outcome, why) in [
            (Outcome::Unchanged, "is unchanged"),
            (Outcome::Improved, "has improved"),
            (Outcome::New, "is new"),
        ] {
            let error = on(date(2027, 1, 1), &mut [row("a/b", outcome)]).unwrap_err();
            assert!(error.contains(&format!("t.toml:7: accepted `a/b` {why}: remove")), "{error}");
        }
        let error = on(date(2027, 1, 1), &mut [row("a/c", Outcome::Regressed)]).unwrap_err();
        assert!(error.contains("is on neither side"), "{error}");
    }

    #[test]
    fn an_acknowledgement_of_what_was_not_compared_is_left_alone() {
        on(date(2027, 1, 1), &mut [row("z/b", Outcome::Unchanged)]).unwrap();
    }
}
