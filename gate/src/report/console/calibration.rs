//! What a calibration found, for people.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use statrs::distribution::{Beta, ContinuousCDF};

use crate::files::noise::{FalseAlarms, Noise, RowNoise};
use crate::report::table;

/// The columns of a spread and a margin.
const CELLS: usize = 17;

/// How sure the bound of a rate is.
const CONFIDENCE: f64 = 0.95;

/// Writes the table of `noise`, which took `elapsed` to find and is kept in the file `path`.
pub(crate) fn write(out: &mut dyn Write, noise: &Noise, elapsed: Duration, path: &Path) -> io::Result<()> {
    let FalseAlarms { pairs, suites, .. } = noise.false_alarms;
    let (benchmarks, seconds) = (noise.rows.len(), elapsed.as_secs_f64());
    writeln!(
        out,
        "\nCalibrated {benchmarks} benchmarks: {suites} comparisons of {pairs} pairs with themselves, {seconds:.0} s\n"
    )?;
    table::row(out, "percent", CELLS, &format_args!("{:>8} {:>8}", "spread", "margin"))?;
    noise.rows.iter().try_for_each(|RowNoise { id, spread, margin }| {
        let (spread, margin) = (100.0 * spread, 100.0 * margin);
        table::row(out, id, CELLS, &format_args!("{spread:>8.2} {margin:>8.1}"))
    })?;
    writeln!(out, "\n{}\n{}", alarms(&noise.false_alarms), path.display())
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
}
