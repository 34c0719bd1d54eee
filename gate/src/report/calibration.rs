//! What a calibration found, for people.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use statrs::distribution::{Beta, ContinuousCDF};

use crate::files::noise::{FalseAlarms, Noise, RowNoise};

/// Columns for a name before its numbers; a longer one has a line of its own.
const NAME_WIDTH: usize = 54;

/// How sure the bound of a rate is.
const CONFIDENCE: f64 = 0.95;

/// The table of `noise`, which took `elapsed` to find and is kept in the file `path`.
#[must_use]
pub fn text(noise: &Noise, elapsed: Duration, path: &Path) -> String {
    let FalseAlarms { pairs, suites, .. } = noise.false_alarms;
    let mut text = format!(
        "\nCalibrated {} benchmarks: {suites} comparisons of {pairs} pairs with themselves, {:.0} s\n\n",
        noise.rows.len(),
        elapsed.as_secs_f64()
    );
    let _ = writeln!(text, "  {:<NAME_WIDTH$} {:>8} {:>8}", "percent", "spread", "margin");
    noise.rows.iter().for_each(|row| text.push_str(&line(row)));
    let _ = writeln!(text, "\n{}\n{}", alarms(&noise.false_alarms), path.display());
    text
}

fn line(row: &RowNoise) -> String {
    let RowNoise { id, spread, margin } = row;
    let break_after =
        if id.chars().count() > NAME_WIDTH { format!("\n  {:NAME_WIDTH$}", "") } else { String::new() };
    let (spread, margin) = (100.0 * spread, 100.0 * margin);
    format!("  {id:<NAME_WIDTH$}{break_after} {spread:>8.2} {margin:>8.1}\n")
}

fn alarms(alarms: &FalseAlarms) -> String {
    let FalseAlarms { suites, suites_red, rows, rows_regressed, controls_red, .. } = *alarms;
    let most = 100.0 * upper_bound(suites_red, suites);
    format!(
        "False alarms: {suites_red} of {suites} comparisons red ({rows_regressed} of {rows} rows); at most {most:.1} % of\n\
         comparisons, with {:.0} % confidence. Null controls: {controls_red} of {suites} red",
        100.0 * CONFIDENCE
    )
}

/// The one-sided upper bound of a rate of which `seen` of `all` were seen (Clopper & Pearson 1934).
fn upper_bound(seen: usize, all: usize) -> f64 {
    let distribution = Beta::new(seen as f64 + 1.0, all.saturating_sub(seen) as f64);
    distribution.map_or(1.0, |beta| beta.inverse_cdf(CONFIDENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_that_of_clopper_and_pearson() {
        // None of n: 1 - 0.05^(1/n). 2 of 20: from a table.
        assert!((upper_bound(0, 60) - (1.0 - 0.05_f64.powf(1.0 / 60.0))).abs() < 1e-6);
        assert!((upper_bound(2, 20) - 0.282_6).abs() < 1e-3, "{}", upper_bound(2, 20));
        assert!((upper_bound(3, 3) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_long_name_has_a_line_of_its_own() {
        let row = |id: &str| line(&RowNoise { id: id.to_owned(), spread: 0.0123, margin: 0.035 });
        assert_eq!(row("a/b").lines().count(), 1);
        assert!(row("a/b").ends_with("     1.23      3.5\n"), "{:?}", row("a/b"));
        assert_eq!(row(&"x".repeat(60)).lines().count(), 2);
    }
}
