//! What must not matter: the unit of time, and which side is called the base.

use bench_gate::stats::{Change, Contrast, Outcome, Settings, Values, compare};
use proptest::prelude::*;

use crate::world::{Machine, paired, row, seeded};

fn only(contrast: Contrast) -> Change {
    compare(&[contrast], &Settings::default()).unwrap().rows.remove(0)
}

fn simulated(machine: usize, seed: u64, ratio: f64) -> Contrast {
    paired(Machine::ALL[machine], 12, ratio, &mut seeded(seed))
}

fn scaled(contrast: &Contrast, factor: f64) -> Contrast {
    let times = |runs: &[f64]| runs.iter().map(|run| run * factor).collect();
    row(Values::Paired { base: times(contrast.values.base()), head: times(contrast.values.head()) })
}

fn exchanged(contrast: &Contrast) -> Contrast {
    row(Values::Paired { base: contrast.values.head().to_vec(), head: contrast.values.base().to_vec() })
}

fn mirrored(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Regressed => Outcome::Improved,
        Outcome::Improved => Outcome::Regressed,
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn scaling_both_sides_changes_nothing(machine in 0_usize..6, seed in 0_u64..1000, ratio in 0.5_f64..2.0, factor in 1e-6_f64..1e9) {
        let contrast = simulated(machine, seed, ratio);
        let (one, other) = (only(contrast.clone()), only(scaled(&contrast, factor)));
        prop_assert_eq!(one.outcome, other.outcome);
        prop_assert!((one.ratio.unwrap() / other.ratio.unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn exchanging_the_sides_mirrors_everything(machine in 0_usize..6, seed in 0_u64..1000, ratio in 0.5_f64..2.0) {
        let contrast = simulated(machine, seed, ratio);
        let (there, back) = (only(contrast.clone()), only(exchanged(&contrast)));
        prop_assert_eq!(there.outcome, mirrored(back.outcome));
        prop_assert!((there.ratio.unwrap() * back.ratio.unwrap() - 1.0).abs() < 1e-6);
        let ([lower, upper], [other_lower, other_upper]) = (there.interval.unwrap(), back.interval.unwrap());
        prop_assert!((lower * other_upper - 1.0).abs() < 1e-6 && (upper * other_lower - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_interval_holds_the_ratio_and_the_outcome_follows_from_it(machine in 0_usize..6, seed in 0_u64..1000, ratio in 0.8_f64..1.25) {
        let change = only(simulated(machine, seed, ratio));
        let [lower, upper] = change.interval.unwrap();
        let expected = match () {
            () if lower > 1.02 => Outcome::Regressed,
            () if upper < 1.0 / 1.02 => Outcome::Improved,
            () if lower > 1.0 / 1.02 && upper < 1.02 => Outcome::Unchanged,
            () => Outcome::Inconclusive,
        };
        prop_assert!(lower <= change.ratio.unwrap() && change.ratio.unwrap() <= upper);
        prop_assert_eq!(change.outcome, expected);
    }
}

/// The median width of the interval over many simulations: one alone may grow with a run that lies far off.
fn width(machine: Machine, pairs: usize) -> f64 {
    let one = |seed| {
        let [lower, upper] = only(paired(machine, pairs, 1.0, &mut seeded(seed))).interval.unwrap();
        upper - lower
    };
    let mut widths: Vec<f64> = (0..50).map(one).collect();
    widths.sort_by(f64::total_cmp);
    widths[25]
}

/// Twelve pairs are judged by exchange and more by signed ranks, so each is held against more of its own kind, and both
/// against eight times as many pairs.
#[test]
fn more_data_never_widens_the_answer_systematically() {
    for machine in Machine::ALL {
        let [few, ten, twelve] = [8, 10, 12].map(|pairs| width(machine, pairs));
        let [some, more, most] = [24, 48, 96].map(|pairs| width(machine, pairs));
        let rounding = 1e-9;
        assert!(few + rounding >= ten && ten + rounding >= twelve, "{machine:?}: {few} {ten} {twelve}");
        assert!(some + rounding >= more && more + rounding >= most, "{machine:?}: {some} {more} {most}");
        assert!(twelve + rounding >= most, "{machine:?}: {twelve} {most}");
    }
}
