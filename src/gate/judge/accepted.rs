//! Acknowledgements: which rows they cover, and which cover nothing any more.

use std::path::Path;

use jiff::civil::Date;

use super::ComparedRow;
use crate::gate::benchmark::category_of;
use crate::gate::compare::Outcome;
use crate::gate::error::Error;
use crate::gate::threshold::Accepted;

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
        let problem = match rows.iter_mut().find(|row| row.change.id == entry.id) {
            _ if entry.until < today => Some(format!("has expired on {}", entry.until)),
            Some(row) => cover(row, entry),
            None if rows.iter().any(|row| category_of(&row.change.id) == category_of(&entry.id)) => {
                Some("is on neither side".to_owned())
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
