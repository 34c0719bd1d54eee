//! `bench-gate compare` of all pairs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Failure;
use super::homes::Suite;
use super::tally::Compared;

/// Lets bench-gate compare all runs of `head` with their partners.
pub fn judge(gate: &Path, suite: &Suite, head: char) -> Result<Vec<Compared>, Failure> {
    let mut command = Command::new(gate);
    command.args(["compare", "--paired", "--json"]);
    for (side, arm) in [("--base", 'A'), ("--head", head)] {
        (0..suite.blocks()).for_each(|block| {
            command.arg(side).arg(suite.home(arm, block));
        });
    }
    let output = command.output().map_err(|error| format!("{}: {error}", gate.display()))?;
    let parsed = serde_json::from_slice::<Value>(&output.stdout);
    let comparison =
        parsed.map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(vec![regressed(&comparison).ok_or("bench-gate printed no rows")?])
}

fn regressed(comparison: &Value) -> Option<Compared> {
    let row = |row: &Value| Some((row["id"].as_str()?.to_owned(), row["outcome"] == "regressed"));
    Some(Compared { rows: comparison["rows"].as_array()?.iter().map(row).collect::<Option<_>>()? })
}
