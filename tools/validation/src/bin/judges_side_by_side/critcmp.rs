//! critcmp with a threshold of 5 %: it lists the rows whose means are further apart.

use std::process::Command;

use super::Failure;
use super::homes::Suite;
use super::tally::Compared;

/// Lets critcmp list what each run of `head` is slower in than its partner.
pub fn judge(suite: &Suite, head: char) -> Result<Vec<Compared>, Failure> {
    (0..suite.blocks()).map(|block| one(suite, head, block)).collect()
}

fn one(suite: &Suite, head: char, block: usize) -> Result<Compared, Failure> {
    let home = suite.merged(head, block)?;
    let mut critcmp = Command::new("critcmp");
    critcmp.args(["a", "h", "--threshold", "5", "--target-dir"]).arg(home.path());
    let output = critcmp.output().map_err(|error| format!("critcmp: {error}; cargo install critcmp"))?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut compared = Compared::default();
    for row in suite.rows('A', block)? {
        let line = listed.lines().find(|line| line.split_whitespace().next() == Some(&row.id));
        // Factors are relative to the faster side, so the head is slower where the base has 1.00.
        let is_slower = line.is_some_and(|line| line.split_whitespace().nth(1) == Some("1.00"));
        compared.rows.insert(row.id, is_slower);
    }
    Ok(compared)
}
