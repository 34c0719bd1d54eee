//! The files of recorded runs, which `docs/formats.md` describes.

use std::collections::BTreeMap;
use std::fs;

/// The values of each block, by row and arm.
pub type Suite = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

/// The suites in `file`.
///
/// # Errors
/// The file cannot be read, or a line of it is malformed.
pub fn read(file: &str) -> Result<Vec<Suite>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    suites(&text).map_err(|error| format!("{file}: {error}"))
}

/// The suites of a file: each begins with lines of `#`.
fn suites(text: &str) -> Result<Vec<Suite>, String> {
    let mut suites: Vec<Suite> = Vec::new();
    let mut in_head = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            suites.extend((!in_head).then(Suite::new));
        } else {
            let suite = suites.last_mut().ok_or("the first line of a suite begins with `#`")?;
            add(suite, line)
                .ok_or_else(|| format!("line {}: expected row,arm,statistic,value,…", number + 1))?;
        }
        in_head = line.starts_with('#');
    }
    Ok(suites)
}

/// Takes in a line; only the statistic that the gate judges is kept.
fn add(suite: &mut Suite, line: &str) -> Option<()> {
    let mut fields = line.split(',');
    let (row, arm, statistic) = (fields.next()?, fields.next()?, fields.next()?);
    let values = fields.map(|value| value.parse().ok()).collect::<Option<Vec<f64>>>()?;
    if statistic == "p10" {
        suite.entry(row.to_owned()).or_default().insert(arm.to_owned(), values);
    }
    Some(())
}
