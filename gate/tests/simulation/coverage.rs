//! The stated error rate holds, and the intervals cover.

use bench_gate::stats::{ALPHA, Change, Contrast, Settings, compare};
use rand::rngs::StdRng;

use crate::world::{MARGIN, Machine, is_wrong, paired, seeded, tolerated, unpaired};

const TRIALS: u64 = 300;
const ROWS: usize = 2;

/// Every change at which a claim is wrong the most easily: the ends of the margin (by a hair, so that digits do not
/// decide), and none at all.
const RATIOS: [f64; 3] = [1.0, 1.0 + MARGIN - 1e-9, 1.0 / (1.0 + MARGIN - 1e-9)];

/// The share of families of which `fault` finds at least one row.
fn share(make: impl Fn(&mut StdRng) -> Contrast, fault: impl Fn(&Change) -> bool) -> f64 {
    let faulty = |trial: &u64| {
        let mut rng = seeded(*trial);
        let rows: Vec<Contrast> = (0..ROWS).map(|_| make(&mut rng)).collect();
        compare(&rows, &Settings::default()).unwrap().rows.iter().any(&fault)
    };
    (0..TRIALS).filter(faulty).count() as f64 / TRIALS as f64
}

fn misses(row: &Change, ratio: f64) -> bool {
    row.interval.is_some_and(|[lower, upper]| ratio < lower - 1e-12 || ratio > upper + 1e-12)
}

#[test]
fn wrong_claims_about_pairs_are_as_rare_as_stated() {
    for (machine, ratio) in Machine::ALL.into_iter().flat_map(|machine| RATIOS.map(|ratio| (machine, ratio)))
    {
        let found = share(|rng| paired(machine, 12, ratio, rng), |row| is_wrong(row.outcome, ratio));
        assert!(found <= tolerated(ALPHA, TRIALS), "{machine:?} at {ratio}: {found}");
    }
}

#[test]
fn the_intervals_of_pairs_cover_the_change() {
    for (machine, ratio) in
        Machine::ALL.into_iter().flat_map(|machine| [1.0, 1.3].map(|ratio| (machine, ratio)))
    {
        let found = share(|rng| paired(machine, 12, ratio, rng), |row| misses(row, ratio));
        assert!(found <= tolerated(ALPHA, TRIALS), "{machine:?} at {ratio}: {found}");
    }
}

#[test]
fn a_machine_on_which_nothing_changed_is_never_accused() {
    for machine in Machine::ALL {
        let red = |row: &Change| row.outcome == bench_gate::stats::Outcome::Regressed;
        let found = share(|rng| paired(machine, 12, 1.0, rng), red);
        assert!(found <= 0.01, "{machine:?}: {found}");
    }
}

#[test]
fn runs_without_pairs_are_judged_at_the_stated_rate_where_they_spread_normally() {
    for runs in [(5, 5), (5, 1), (1, 5), (12, 12)] {
        for ratio in RATIOS {
            let make = |rng: &mut StdRng| unpaired(Machine::LogNormal, runs, ratio, rng);
            let found = share(make, |row| is_wrong(row.outcome, ratio));
            assert!(found <= tolerated(ALPHA, TRIALS), "{runs:?} at {ratio}: {found}");
        }
    }
}

/// A rate that no row could exceed would show nothing: intervals that are too narrow are noticed.
#[test]
fn intervals_of_a_wrong_level_are_noticed() {
    let careless = Settings { alpha: 0.3, looks: None };
    let missed = |trial: &u64| {
        let row = paired(Machine::LogNormal, 12, 1.3, &mut seeded(*trial));
        misses(&compare(&[row], &careless).unwrap().rows[0], 1.3)
    };
    let found = (0..TRIALS).filter(missed).count() as f64 / TRIALS as f64;
    assert!(found > tolerated(ALPHA, TRIALS) && found < tolerated(0.3, TRIALS), "{found}");
}
