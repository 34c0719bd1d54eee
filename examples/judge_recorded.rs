//! What the gate makes of recorded runs: how often it is wrong about runs of one binary (A against B), and how many of
//! the slow-downs it finds (A against C).
//!
//! ```text
//! cargo run --release --example judge_recorded -- 12 tests/recorded/quiet.csv tests/recorded/loaded.csv
//! ```
//!
//! The first argument is how many pairs each comparison has: a suite of 96 blocks gives eight comparisons of 12. A row is
//! judged by its 10th percentile, in the family of all rows of the suite. `docs/formats.md` has the format of the files.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;

use backend_bench::gate::compare::{
    Comparison, Contrast, Control, MARGIN, Outcome, Settings, Values, compare,
};
use backend_bench::gate::threshold::Better;

/// The values of each block, by row and arm.
type Suite = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let pairs = arguments.next().and_then(|pairs| pairs.parse().ok()).filter(|pairs| *pairs > 0);
    let pairs = pairs.ok_or("give the pairs of each comparison, then the recorded files")?;
    println!("rows of comparisons of {pairs} pairs, margin {:.0} %:", MARGIN * 100.0);
    for file in arguments {
        let text = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let suites = suites(&text).map_err(|error| format!("{file}: {error}"))?;
        report(&file, &suites, pairs)?;
    }
    Ok(())
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

fn report(file: &str, suites: &[Suite], pairs: usize) -> Result<(), Box<dyn Error>> {
    println!("{file}, {} suites", suites.len());
    for (head, what) in [("B", "the same binary"), ("C", "slowed down")] {
        let comparisons = comparisons(suites, head, pairs)?;
        for class in ["cpu/", "io/", ""].into_iter().filter(|_| !comparisons.is_empty()) {
            println!(
                "  {what}, {}: {}",
                if class.is_empty() { "all rows" } else { class },
                Tally::of(&comparisons, class)
            );
        }
    }
    Ok(())
}

/// Every stretch of so many blocks of every suite that has the arm.
fn comparisons(suites: &[Suite], head: &str, pairs: usize) -> Result<Vec<Comparison>, Box<dyn Error>> {
    let mut comparisons = Vec::new();
    for suite in suites.iter().filter(|suite| suite.values().all(|arms| arms.contains_key(head))) {
        let blocks = suite.values().flat_map(BTreeMap::values).map(Vec::len).min().unwrap_or(0);
        for first in (0..blocks / pairs).map(|stretch| stretch * pairs) {
            let contrasts: Vec<_> =
                suite.iter().map(|(row, arms)| contrast(row, arms, head, first..first + pairs)).collect();
            comparisons.push(compare(&contrasts, &Settings::default())?);
        }
    }
    Ok(comparisons)
}

fn contrast(
    row: &str,
    arms: &BTreeMap<String, Vec<f64>>,
    head: &str,
    blocks: std::ops::Range<usize>,
) -> Contrast {
    let of = |arm: &str| arms[arm][blocks.clone()].to_vec();
    let values = Values::Paired { base: of("A"), head: of(head) };
    Contrast { id: row.to_owned(), better: Better::Lower, margin: MARGIN, values }
}

/// How many rows came to what.
struct Tally {
    comparisons: usize,
    /// Comparisons with at least one row that regressed.
    red: usize,
    /// Of these, how many have a null control (A against A) that is red too, so that the gate would not say fail.
    excused: usize,
    /// Regressed, improved, unchanged, inconclusive.
    rows: [usize; 4],
}

impl Tally {
    fn of(comparisons: &[Comparison], class: &str) -> Self {
        let outcomes = |comparison: &Comparison, wanted: Outcome| {
            let rows = comparison.rows.iter().filter(|row| row.id.starts_with(class));
            rows.filter(|row| row.outcome == wanted).count()
        };
        let red: Vec<_> =
            comparisons.iter().filter(|comparison| outcomes(comparison, Outcome::Regressed) > 0).collect();
        let is_excused = |comparison: &&&Comparison| comparison.control.as_ref().is_some_and(Control::is_red);
        let rows = [Outcome::Regressed, Outcome::Improved, Outcome::Unchanged, Outcome::Inconclusive]
            .map(|wanted| comparisons.iter().map(|comparison| outcomes(comparison, wanted)).sum());
        Self {
            comparisons: comparisons.len(),
            red: red.len(),
            excused: red.iter().filter(is_excused).count(),
            rows,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { comparisons, red, excused, rows: [regressed, improved, unchanged, inconclusive] } = self;
        let rows = (regressed + improved + unchanged + inconclusive).max(1);
        let percent = |count: &usize| format!("{:.2} %", 100.0 * *count as f64 / rows as f64);
        write!(
            formatter,
            "{rows} rows, regressed {}, improved {}, unchanged {}, inconclusive {}; {red} of {comparisons} comparisons with a \
             regressed row ({excused} of them with a red control)",
            percent(regressed),
            percent(improved),
            percent(unchanged),
            percent(inconclusive)
        )
    }
}
