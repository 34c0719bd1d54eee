//! Criterion's own verdict: it says "Performance has regressed." where p < 0.05 and the change lies beyond its noise
//! threshold of 1 %.

use std::path::Path;
use std::process::Command;

use super::Failure;
use super::homes::Suite;
use super::tally::Compared;

/// Lets Criterion compare each run of `head` with its partner, without measuring anew.
pub fn judge(bench: &Path, suite: &Suite, head: char) -> Result<Vec<Compared>, Failure> {
    (0..suite.blocks()).map(|block| one(bench, suite, head, block)).collect()
}

fn one(bench: &Path, suite: &Suite, head: char, block: usize) -> Result<Compared, Failure> {
    let home = suite.merged(head, block)?;
    let mut criterion = Command::new(bench);
    criterion.args([
        "--bench",
        "--noplot",
        "--nresamples",
        "2000",
        "--load-baseline",
        "h",
        "--baseline",
        "a",
    ]);
    let output = criterion.env("CRITERION_HOME", home.path().join("criterion")).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", bench.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(regressed(&String::from_utf8_lossy(&output.stdout)))
}

/// The line with the id comes before its verdict.
fn regressed(said: &str) -> Compared {
    let mut compared = Compared::default();
    let mut id = "";
    for line in said.lines() {
        if line.starts_with("sensitivity/") {
            id = line.split_whitespace().next().unwrap_or_default();
            compared.rows.insert(id.to_owned(), false);
        } else if line.contains("Performance has regressed") {
            compared.rows.insert(id.to_owned(), true);
        }
    }
    compared
}
