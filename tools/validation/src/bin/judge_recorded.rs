//! What the gate makes of recorded runs: how often it is wrong about runs of one binary (A against B), and how many of
//! the slow-downs it finds (A against C).
//!
//! ```text
//! cargo run --release -p validation --bin judge_recorded -- 12 tools/validation/recorded/quiet.csv tools/validation/recorded/loaded.csv
//! cargo run --release -p validation --bin judge_recorded -- 12x4 tools/validation/recorded/longcpu.csv
//! ```
//!
//! The first argument is how many pairs each comparison has, and how many processes each of their runs: a suite of 96
//! blocks gives eight comparisons of 12 pairs, or two of 12 pairs of four processes. A row is judged by the 10th
//! percentile of its process, or by the geometric mean of those of its processes, in the family of all rows of the
//! suite. Where these are not 50, as strictly as in a family of 50. `docs/formats.md` has the format of the files.

use std::collections::BTreeMap;
use std::error::Error;

use bench_gate::stats::{ALPHA, Comparison, Contrast, Control, MARGIN, Outcome, Settings, Values, compare};
use bench_gate::thresholds::Better;
use recorded::Suite;

use validation::recorded;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let size = arguments.next().and_then(|size| Size::parse(&size));
    let size = size.ok_or("give the pairs of each comparison, as 12 or 12x4, then the recorded files")?;
    println!("{} pairs of runs of {} processes, margin {:.0} %:", size.pairs, size.processes, MARGIN * 100.0);
    for file in arguments {
        let suites = recorded::read(&file)?;
        report(&file, &suites, size)?;
    }
    Ok(())
}

/// The family that the error rate is meant for.
const ROWS: f64 = 50.0;

/// What a comparison is made of.
#[derive(Clone, Copy)]
struct Size {
    pairs: usize,
    processes: usize,
}

impl Size {
    fn parse(text: &str) -> Option<Self> {
        let (pairs, processes) = text.split_once('x').unwrap_or((text, "1"));
        let size = Self { pairs: pairs.parse().ok()?, processes: processes.parse().ok()? };
        (size.blocks() > 0).then_some(size)
    }

    fn blocks(self) -> usize {
        self.pairs * self.processes
    }

    /// The value of each run.
    fn runs(self, processes: &[f64]) -> Vec<f64> {
        let mean = |run: &[f64]| (run.iter().map(|value| value.ln()).sum::<f64>() / run.len() as f64).exp();
        processes.chunks_exact(self.processes).map(mean).collect()
    }
}

fn report(file: &str, suites: &[Suite], size: Size) -> Result<(), Box<dyn Error>> {
    println!("{file}, {} suites", suites.len());
    let all = |head| move |stretch: &Stretch<'_>| Ok(vec![stretch.compare(|_| head)?]);
    let arms: [(&str, &str, &Judge); 3] = [
        ("B", "the same binary", &all("B")),
        ("C", "all slowed down", &all("C")),
        ("C", "one slowed down among the same", &each_alone),
    ];
    for (arm, what, judge) in arms {
        let stretches = stretches(suites, arm, size);
        let comparisons = stretches.iter().map(judge).collect::<Result<Vec<_>, _>>()?.concat();
        let tallies = ["cpu/", "io/", ""].map(|class| (class, Tally::of(&comparisons, class)));
        for (class, tally) in tallies.iter().filter(|(_, tally)| tally.rows.iter().sum::<usize>() > 0) {
            println!("  {what}, {}: {tally}", if class.is_empty() { "all rows" } else { class });
        }
    }
    Ok(())
}

type Judge = dyn Fn(&Stretch<'_>) -> Result<Vec<Comparison>, bench_gate::Error>;

/// Some blocks of a suite: one comparison.
struct Stretch<'a> {
    suite: &'a Suite,
    first: usize,
    size: Size,
}

/// Every stretch of so many blocks of every suite that has the arm.
fn stretches<'a>(suites: &'a [Suite], arm: &str, size: Size) -> Vec<Stretch<'a>> {
    let with_arm = suites.iter().filter(|suite| suite.values().all(|arms| arms.contains_key(arm)));
    let of_suite = |suite: &'a Suite| {
        let blocks = suite.values().flat_map(BTreeMap::values).map(Vec::len).min().unwrap_or(0);
        let firsts = (0..blocks / size.blocks()).map(move |stretch| stretch * size.blocks());
        firsts.map(move |first| Stretch { suite, first, size })
    };
    with_arm.flat_map(of_suite).collect()
}

impl Stretch<'_> {
    /// A against the arm that `head` names for each row.
    fn compare(&self, head: impl Fn(&str) -> &'static str) -> Result<Comparison, bench_gate::Error> {
        let values = |arm: &[f64]| self.size.runs(&arm[self.first..self.first + self.size.blocks()]);
        let contrasts: Vec<Contrast> = self
            .suite
            .iter()
            .map(|(row, arms)| contrast(row, values(&arms["A"]), values(&arms[head(row)])))
            .collect();
        let alpha = ALPHA * (self.suite.len() as f64 / ROWS).min(1.0);
        compare(&contrasts, &Settings { alpha, looks: None })
    }
}

/// As many comparisons as there are rows, in each of which one row is slowed down; of each, that row is kept.
fn each_alone(stretch: &Stretch<'_>) -> Result<Vec<Comparison>, bench_gate::Error> {
    let alone = |slowed: &String| {
        let mut comparison = stretch.compare(|row| if row == slowed { "C" } else { "B" })?;
        comparison.rows.retain(|row| row.id == *slowed);
        Ok(comparison)
    };
    stretch.suite.keys().map(alone).collect()
}

fn contrast(row: &str, base: Vec<f64>, head: Vec<f64>) -> Contrast {
    Contrast {
        id: row.to_owned(),
        better: Better::Lower,
        margin: MARGIN,
        values: Values::Paired { base, head },
    }
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
        let rows = regressed + improved + unchanged + inconclusive;
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
