//! Simulated machines: how runs spread, drift and stick together.

use bench_gate::stats::{Contrast, Outcome, Values};
use bench_gate::thresholds::Better;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal, StandardNormal, StudentT};

/// The margin of every simulated row.
pub const MARGIN: f64 = 0.02;

/// How the runs of a machine behave, apart from the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Log-normal runs that spread by two percent.
    LogNormal,
    /// One run in four is 30 % slower: another memory layout, a busy neighbour.
    Bimodal,
    /// Everything becomes slower by a fifth of a percent from one run to the next.
    Drifting,
    /// What slows one run down slows the next one as well (autoregressive, 0.8).
    Autocorrelated,
    /// WelchTest's t with two degrees of freedom: no variance at all.
    HeavyTailed,
    /// Every run takes the same time.
    Constant,
}

impl Machine {
    pub const ALL: [Self; 6] = [
        Self::LogNormal,
        Self::Bimodal,
        Self::Drifting,
        Self::Autocorrelated,
        Self::HeavyTailed,
        Self::Constant,
    ];

    /// `count` runs one after the other, as factors of a time.
    fn runs(self, count: usize, rng: &mut StdRng) -> Vec<f64> {
        let small = LogNormal::new(0.0, 0.02).unwrap();
        let heavy = StudentT::new(2.0).unwrap();
        let mut state = 0.0;
        let mut run = |at: usize| match self {
            Self::LogNormal => small.sample(rng),
            Self::Bimodal => small.sample(rng) * if rng.random_bool(0.25) { 1.3 } else { 1.0 },
            Self::Drifting => small.sample(rng) * (0.002 * at as f64).exp(),
            Self::Autocorrelated => {
                state = 0.8 * state + 0.02 * Distribution::<f64>::sample(&StandardNormal, rng);
                f64::exp(state)
            }
            Self::HeavyTailed => f64::exp(0.02 * heavy.sample(rng)),
            Self::Constant => 1.0,
        };
        (0..count).map(&mut run).collect()
    }
}

/// Interleaved pairs, in the order base, head, head, base, of a head that takes `ratio` times as long.
pub fn paired(machine: Machine, pairs: usize, ratio: f64, rng: &mut StdRng) -> Contrast {
    let runs = machine.runs(2 * pairs, rng);
    let turn = |(at, two): (usize, &[f64])| if at % 2 == 0 { (two[0], two[1]) } else { (two[1], two[0]) };
    let (base, head): (Vec<f64>, Vec<f64>) = runs.chunks_exact(2).enumerate().map(turn).unzip();
    row(Values::Paired { base, head: head.iter().map(|run| run * ratio).collect() })
}

/// Runs of both sides without an order between them.
pub fn unpaired(machine: Machine, runs: (usize, usize), ratio: f64, rng: &mut StdRng) -> Contrast {
    let base = machine.runs(runs.0, rng);
    let head = machine.runs(runs.1, rng).iter().map(|run| run * ratio).collect();
    row(Values::Unpaired { base, head })
}

pub fn row(values: Values) -> Contrast {
    Contrast { id: "simulated".to_owned(), better: Better::Lower, margin: MARGIN, values }
}

/// The generator of one trial.
pub fn seeded(trial: u64) -> StdRng {
    StdRng::seed_from_u64(trial)
}

/// Whether an outcome says something wrong about a change that is `ratio`.
pub fn is_wrong(outcome: Outcome, ratio: f64) -> bool {
    match outcome {
        Outcome::Regressed => ratio <= 1.0 + MARGIN,
        Outcome::Improved => ratio >= 1.0 / (1.0 + MARGIN),
        Outcome::Unchanged => !(1.0 / (1.0 + MARGIN)..=1.0 + MARGIN).contains(&ratio),
        Outcome::Inconclusive | Outcome::New | Outcome::Missing => false,
    }
}

/// A rate of `trials` that is `alpha` in truth stays below this in all but one of a thousand simulations.
pub fn tolerated(alpha: f64, trials: u64) -> f64 {
    alpha + 3.0 * (alpha * (1.0 - alpha) / trials as f64).sqrt()
}
