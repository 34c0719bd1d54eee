//! Tables of cases: equal, better, worse, zero, absent, infinite.

use super::*;
use crate::thresholds::Better;

/// Twelve pairs whose log ratios spread by half a percent around `ratio`.
fn paired(id: &str, ratio: f64) -> Contrast {
    let base: Vec<f64> = (0..12).map(|run| 1e6 * (1.0 + 0.05 * f64::from(run % 5))).collect();
    let spread = |run: usize| 1.0 + 0.005 * (run as f64 / 5.5 - 1.0);
    let head = base.iter().enumerate().map(|(run, base)| base * ratio * spread(run)).collect();
    contrast(id, Values::Paired { base, head })
}

fn contrast(id: &str, values: Values) -> Contrast {
    Contrast { id: id.to_owned(), better: Better::Lower, margin: 0.02, values }
}

#[track_caller]
fn compared(contrasts: &[Contrast]) -> Comparison {
    compare(contrasts, &Settings::default()).unwrap()
}

#[test]
fn the_outcome_follows_from_where_the_interval_lies() {
    let cases = [
        (1.0, Outcome::Unchanged),
        (1.01, Outcome::Unchanged),
        (0.99, Outcome::Unchanged),
        (1.02, Outcome::Inconclusive),
        (0.98, Outcome::Inconclusive),
        (1.05, Outcome::Regressed),
        (9.95, Outcome::Regressed),
        (0.95, Outcome::Improved),
        (0.1, Outcome::Improved),
    ];
    for (ratio, outcome) in cases {
        let row = compared(&[paired("a", ratio)]).rows.remove(0);
        assert_eq!(row.outcome, outcome, "{row:?}");
        let [lower, upper] = row.interval.unwrap();
        assert!(lower <= row.ratio.unwrap() && row.ratio.unwrap() <= upper, "{row:?}");
        assert!(outcome == Outcome::Inconclusive || row.runs_needed.is_none(), "{row:?}");
    }
}

#[test]
fn where_higher_is_better_the_directions_turn_around() {
    for (ratio, outcome) in [(1.1, Outcome::Improved), (0.9, Outcome::Regressed), (1.0, Outcome::Unchanged)] {
        let rate = Contrast { better: Better::Higher, ..paired("a", ratio) };
        assert_eq!(compared(&[rate]).rows[0].outcome, outcome);
    }
}

#[test]
fn a_side_without_runs_is_new_or_missing() {
    let new = contrast("new", Values::HeadOnly { head: vec![1.0] });
    let missing = contrast("missing", Values::BaseOnly { base: vec![1.0] });
    let rows = compared(&[new, missing, paired("a", 1.1)]).rows;
    let outcomes: Vec<Outcome> = rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::New, Outcome::Missing, Outcome::Regressed]);
    assert!(rows[0].ratio.is_none() && rows[1].interval.is_none());
}

#[test]
fn what_can_never_decide_is_refused() {
    let pairs = |count: usize| Values::Paired { base: vec![1.0; count], head: vec![1.0; count] };
    let uneven = Values::Paired { base: vec![1.0; 12], head: vec![1.0; 11] };
    let unpaired = |base: &[f64], head: &[f64]| Values::Unpaired { base: base.to_vec(), head: head.to_vec() };
    let cases = [
        (pairs(5), "5 pairs can never decide"),
        (uneven, "cannot be paired"),
        (unpaired(&[1.0], &[1.0]), "no run-to-run spread"),
        (unpaired(&[], &[1.0, 1.0, 1.0]), "no run-to-run spread"),
        (unpaired(&[0.0, 1.0, 1.0], &[1.0]), "a run is 0"),
        (unpaired(&[-1.0, 1.0, 1.0], &[1.0]), "a run is -1"),
        (unpaired(&[f64::NAN, 1.0, 1.0], &[1.0]), "a run is NaN"),
        (unpaired(&[f64::INFINITY, 1.0, 1.0], &[1.0]), "a run is inf"),
    ];
    for (values, said) in cases {
        let error = compare(&[contrast("row", values)], &Settings::default()).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("`row`"), "{error}");
    }
}

#[test]
fn more_rows_need_more_pairs() {
    assert_eq!([1, 2, 50, 1_000].map(|rows| fewest_pairs(rows, 0.05)), [6, 7, 11, 16]);
}

#[test]
fn one_run_against_several_is_judged_by_their_spread() {
    let base = vec![1.0, 1.01, 0.99, 1.005, 0.995];
    let against = |run: f64| {
        let values = Values::Unpaired { base: base.clone(), head: vec![run] };
        compared(&[contrast("a", values)]).rows.remove(0)
    };
    assert_eq!(against(1.2).outcome, Outcome::Regressed);
    assert_eq!(against(0.8).outcome, Outcome::Improved);
    assert_eq!(against(1.03).outcome, Outcome::Inconclusive);
}

#[test]
fn a_family_demands_more_of_each_row() {
    let rows: Vec<Contrast> = (0..60).map(|row| paired(&row.to_string(), 1.0)).collect();
    let alone = compared(&rows[..1]).rows.remove(0);
    let together = compared(&rows).rows.remove(0);
    let width = |row: &Change| row.interval.map(|[lower, upper]| upper - lower).unwrap();
    assert!(width(&together) > width(&alone), "{together:?} {alone:?}");
}

#[test]
fn a_base_that_differs_from_itself_turns_the_control_red() {
    let steps =
        (0..24).map(|run| if run % 2 == 0 { 1.0 } else { 1.5 } + 0.001 * f64::from(run % 3)).collect();
    let row = contrast("a", Values::Paired { base: steps, head: vec![1.2; 24] });
    let control = compared(&[row, paired("b", 1.0)]).control.unwrap();
    assert!(control.is_red() && control.differing == ["a"] && control.rows == 2, "{control:?}");
    assert!(!compared(&[paired("b", 1.3)]).control.unwrap().is_red());
    let few = contrast("a", Values::Unpaired { base: vec![1.0; 5], head: vec![1.0] });
    assert_eq!(compared(&[few]).control, None);
}

#[test]
fn exchanging_the_sides_inverts_the_ratio() {
    for ratio in [0.9, 0.97, 1.0, 1.04, 1.3] {
        let there = paired("a", ratio);
        let back = Values::Paired { base: there.values.head().to_vec(), head: there.values.base().to_vec() };
        let (there, back) =
            (compared(&[there]).rows.remove(0), compared(&[contrast("a", back)]).rows.remove(0));
        assert!((there.ratio.unwrap() * back.ratio.unwrap() - 1.0).abs() < 1e-9);
        let ([lower, _], [_, upper]) = (there.interval.unwrap(), back.interval.unwrap());
        assert!((lower * upper - 1.0).abs() < 1e-9, "{there:?} {back:?}");
    }
}

#[test]
fn without_a_margin_what_is_counted_is_equal_or_not() {
    const LAST_DIGIT: f64 = 37.75 * (1.0 + f64::EPSILON);
    let cases = [
        (37.75, Outcome::Unchanged),
        (LAST_DIGIT, Outcome::Unchanged),
        (37.875, Outcome::Regressed),
        (37.625, Outcome::Improved),
    ];
    for (head, outcome) in cases {
        let few = Values::Unpaired { base: vec![37.75; 2], head: vec![head] };
        let pairs = Values::Paired { base: vec![37.75; 12], head: vec![head; 12] };
        for values in [few, pairs] {
            let exact = Contrast { margin: 0.0, ..contrast("memory/allocations/api_request", values) };
            let row = compared(&[exact, paired("b", 1.0)]).rows.remove(0);
            assert_eq!(row.outcome, outcome, "{row:?}");
        }
    }
}
