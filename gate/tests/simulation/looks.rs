//! Several looks at growing data spend the error rate once.

use bench_gate::stats::{ALPHA, AlphaSpending, Contrast, Outcome, Settings, Values, compare};

use crate::world::{MARGIN, Machine, is_wrong, paired, row, seeded, tolerated};

const TRIALS: u64 = 500;

fn first_pairs(whole: &Contrast, pairs: usize) -> Contrast {
    let (base, head) = (whole.values.base()[..pairs].to_vec(), whole.values.head()[..pairs].to_vec());
    row(Values::Paired { base, head })
}

/// What a row comes to that stops at the first look that decides it.
fn stopped(whole: &Contrast, at: &[usize], settings: &Settings) -> Outcome {
    let mut outcomes =
        at.iter().map(|pairs| compare(&[first_pairs(whole, *pairs)], settings).unwrap().rows[0].outcome);
    outcomes.find(|outcome| *outcome != Outcome::Inconclusive).unwrap_or(Outcome::Inconclusive)
}

fn wrong(machine: Machine, looks: &AlphaSpending, settings: &Settings) -> f64 {
    let ratio = 1.0 + MARGIN;
    let most = looks.pairs().last().copied().unwrap();
    let is_wrong = |trial: &u64| {
        let whole = paired(machine, most, ratio, &mut seeded(*trial));
        is_wrong(stopped(&whole, looks.pairs(), settings), ratio)
    };
    (0..TRIALS).filter(is_wrong).count() as f64 / TRIALS as f64
}

#[test]
fn looking_five_times_is_wrong_no_more_often_than_looking_once() {
    let looks = AlphaSpending::doubling(12, 192);
    let settings = Settings { alpha: ALPHA, looks: Some(looks.clone()) };
    for machine in [Machine::LogNormal, Machine::HeavyTailed, Machine::Drifting] {
        let found = wrong(machine, &looks, &settings);
        assert!(found <= tolerated(ALPHA, TRIALS), "{machine:?}: {found}");
    }
}

#[test]
fn looking_five_times_at_the_full_rate_is_wrong_too_often() {
    let looks = AlphaSpending::doubling(12, 192);
    let found = wrong(Machine::LogNormal, &looks, &Settings { alpha: ALPHA, looks: None });
    assert!(found > tolerated(ALPHA, TRIALS), "{found}: the other test would pass whatever the looks spend");
}
