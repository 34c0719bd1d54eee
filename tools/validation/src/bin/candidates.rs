//! How a change might be told from the runs of a row, each way on the same recorded runs: how often it is wrong about
//! runs of one binary, and how many of the slow-downs it finds.
//!
//! ```text
//! cargo run --release -p validation --bin candidates -- 12 tools/validation/recorded/{pinned,quiet}.csv
//! ```
//!
//! A candidate gives the probability of runs as far apart where head is slower by no more than a limit. It is held to the
//! first step of Holm's in a family of 50 rows: an equal share of 5 %.

use std::collections::BTreeMap;
use std::error::Error;

use bench_gate::stats::{ALPHA, Evidence, MARGIN, PermutationTest, SignedRankTest, WelchTest, log_ratios};
use bench_gate::thresholds::Better;
use fastrand::Rng;

use validation::recorded;

/// The probability of such runs of base and head where the logarithm of the change is `limit` or less.
type Above = fn(base: &[f64], head: &[f64], limit: f64) -> f64;

const CANDIDATES: [(&str, Above); 7] = [
    ("exchange, better half", exchange),
    ("exchange, mean", exchange_means),
    ("signed ranks", signed_ranks),
    ("signs", signs),
    ("t", student),
    ("t, one trimmed on either side", trimmed),
    ("bootstrap, percentile", bootstrap),
];

const ROWS: f64 = 50.0;

/// Resamples of the bootstrap: at a tail of 1 in 2,000, ten of them lie beyond an end.
const RESAMPLES: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let pairs =
        arguments.next().and_then(|pairs| pairs.parse().ok()).filter(|pairs| (6..=12).contains(pairs));
    let pairs = pairs.ok_or("give the pairs of each comparison, 6 to 12, then the recorded files")?;
    for file in arguments {
        println!("{file}, {pairs} pairs, in percent:");
        println!(
            "  {:<30}{:>12}{:>12}{:>12}{:>12}",
            "", "wrong at 5 %", "false rows", "+5 % cpu", "+10 % io"
        );
        let comparisons = Comparisons::read(&file, pairs)?;
        CANDIDATES.iter().for_each(|(name, above)| println!("  {name:<30}{}", comparisons.rates(*above)));
    }
    Ok(())
}

/// Base and head of one row.
type Runs = (Vec<f64>, Vec<f64>);

/// Every stretch of so many blocks of every row.
#[derive(Default)]
struct Comparisons {
    same: Vec<Runs>,
    /// `C`, by the class of its row.
    slower: BTreeMap<String, Vec<Runs>>,
}

impl Comparisons {
    fn read(file: &str, pairs: usize) -> Result<Self, String> {
        let mut all = Self::default();
        for (row, arms) in recorded::read(file)?.into_iter().flatten() {
            let class = row.split('/').next().unwrap_or_default().to_owned();
            let of = |arm: &str| {
                let zipped = arms["A"]
                    .chunks_exact(pairs)
                    .zip(arms.get(arm).into_iter().flat_map(|runs| runs.chunks_exact(pairs)));
                zipped.map(|(base, head)| (base.to_vec(), head.to_vec())).collect::<Vec<Runs>>()
            };
            all.same.extend(of("B"));
            all.slower.entry(class).or_default().extend(of("C"));
        }
        Ok(all)
    }

    /// The share of rows of one binary that differ at 5 %, either way and with no margin; of those that are slower by
    /// more than the margin in a family; and of the slow-downs that are.
    fn rates(&self, above: Above) -> String {
        let share = ALPHA / ROWS / 2.0;
        let found = |(base, head): &Runs| above(base, head, MARGIN.ln_1p()) <= share;
        let differs = |(base, head): &Runs| above(base, head, 0.0).min(above(head, base, 0.0)) <= ALPHA / 2.0;
        let slower = |class: &str| self.slower.get(class).map_or(f64::NAN, |runs| percent(runs, found));
        let rates = [percent(&self.same, differs), percent(&self.same, found), slower("cpu"), slower("io")];
        rates
            .map(|rate| if rate.is_nan() { format!("{:>12}", "-") } else { format!("{rate:>12.2}") })
            .concat()
    }
}

fn percent(all: &[Runs], holds: impl Fn(&Runs) -> bool) -> f64 {
    100.0 * all.iter().filter(|runs| holds(runs)).count() as f64 / all.len() as f64
}

fn exchange(base: &[f64], head: &[f64], limit: f64) -> f64 {
    PermutationTest::new(base, head, Better::Lower).above(limit)
}

fn signed_ranks(base: &[f64], head: &[f64], limit: f64) -> f64 {
    SignedRankTest::new(log_ratios(base, head)).above(limit)
}

fn student(base: &[f64], head: &[f64], limit: f64) -> f64 {
    WelchTest::of_pairs(&log_ratios(base, head)).above(limit)
}

/// Every way of exchanging the runs within pairs, by the mean of the logarithms (Fisher 1935).
fn exchange_means(base: &[f64], head: &[f64], limit: f64) -> f64 {
    let shifted: Vec<f64> = log_ratios(base, head).into_iter().map(|ratio| ratio - limit).collect();
    let (seen, ways) = (shifted.iter().sum::<f64>(), 1_u32 << shifted.len());
    let sum = |way: u32| {
        let signed =
            shifted.iter().enumerate().map(|(at, value)| if way >> at & 1 == 1 { -value } else { *value });
        signed.sum::<f64>()
    };
    (0..ways).filter(|way| sum(*way) >= seen - 1e-12).count() as f64 / f64::from(ways)
}

/// How many pairs are above the limit, as of a coin.
fn signs(base: &[f64], head: &[f64], limit: f64) -> f64 {
    let ratios = log_ratios(base, head);
    let (all, above) = (ratios.len() as u64, ratios.iter().filter(|ratio| **ratio > limit).count() as u64);
    let ways = |of: u64| (0..of).fold(1.0, |ways, at| ways * (all - at) as f64 / (at + 1) as f64);
    (above..=all).map(ways).sum::<f64>() / 2_f64.powi(i32::try_from(all).unwrap_or(i32::MAX))
}

/// Yuen's t (1974): the mean without the lowest and the highest, over the spread of the winsorised values.
fn trimmed(base: &[f64], head: &[f64], limit: f64) -> f64 {
    let mut ratios = log_ratios(base, head);
    ratios.sort_by(f64::total_cmp);
    let (last, kept) = (ratios.len() - 1, (ratios.len() - 2) as f64);
    let mean = ratios[1..last].iter().sum::<f64>() / kept;
    (ratios[0], ratios[last]) = (ratios[1], ratios[last - 1]);
    // WelchTest's own distribution, asked with runs of this mean, this standard error and as many degrees of freedom.
    let spread = (variance(&ratios) * (kept + 1.0) / (kept - 1.0)).sqrt();
    WelchTest::of_pairs(&with_moments(ratios.len() - 2, mean, spread)).above(limit)
}

/// The sample variance.
fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// So many values with this mean and this standard deviation.
fn with_moments(count: usize, mean: f64, deviation: f64) -> Vec<f64> {
    let ramp: Vec<f64> = (0..count).map(|at| at as f64 - (count - 1) as f64 / 2.0).collect();
    let scale = deviation / variance(&ramp).sqrt();
    ramp.into_iter().map(|value| mean + scale * value).collect()
}

/// The share of resampled means that are not above the limit (Efron 1979, percentile).
fn bootstrap(base: &[f64], head: &[f64], limit: f64) -> f64 {
    let (ratios, mut random) = (log_ratios(base, head), Rng::with_seed(1));
    let below = (0..RESAMPLES).filter(|_| {
        let sum: f64 = (0..ratios.len()).map(|_| ratios[random.usize(..ratios.len())]).sum();
        sum <= limit * ratios.len() as f64
    });
    below.count() as f64 / RESAMPLES as f64
}
