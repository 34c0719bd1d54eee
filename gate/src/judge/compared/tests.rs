use jiff::civil::date;

use super::*;
use crate::thresholds::Statistic;

const OUTCOMES: [Outcome; 6] = [
    Outcome::Improved,
    Outcome::Unchanged,
    Outcome::Regressed,
    Outcome::Inconclusive,
    Outcome::New,
    Outcome::Missing,
];

fn row(outcome: Outcome) -> ComparedRow {
    let (ratio, interval) = (Some(1.1), Some([1.05, 1.15]));
    let change =
        Change { id: "a/b".into(), outcome, ratio, interval, pairs: 9, detectable: None, runs_needed: None };
    let policy = RowPolicy {
        better: Better::Lower,
        statistic: Statistic::P10,
        margin: 0.02,
        soft_margin: None,
        critical: None,
        required: true,
    };
    ComparedRow { change, policy, accepted: None }
}

fn side(name: &str) -> ComparedSide {
    ComparedSide { name: name.into(), origins: vec!["a home".into()], environment: None }
}

/// A comparison of `rows`, with a control of `red` or none, if that is known.
fn compared(rows: Vec<ComparedRow>, strict: bool, red: Option<bool>) -> Compared {
    measured(rows, strict, red, None)
}

fn measured(
    rows: Vec<ComparedRow>,
    strict: bool,
    red: Option<bool>,
    measuring: Option<Measuring>,
) -> Compared {
    let differing = |red: bool| if red { vec!["a/c".to_owned()] } else { Vec::new() };
    let control = red.map(|red| Control { differing: differing(red), rows: 1 });
    let settings = ComparedSettings { alpha: 0.05, margin: Margin::Fraction(0.02), paired: true, strict };
    let sides = [side("base"), side("head")];
    Compared::new(sides, settings, (rows, control), None, Vec::new(), measuring)
}

fn measuring(failures: Vec<Failure>) -> Measuring {
    Measuring {
        seconds: 1.0,
        budget_seconds: 2.0,
        seed: 3,
        processor: None,
        failures,
        not_measured: Vec::new(),
    }
}

/// The exit code of one row beside one that is unchanged.
fn code(row: ComparedRow, strict: bool, red: Option<bool>) -> u8 {
    compared(vec![self::row(Outcome::Unchanged), row], strict, red).verdict.exit_code()
}

/// What every outcome exits with, in the order of [`OUTCOMES`]: lenient, and strict.
const CODES: [[u8; 2]; 6] = [[0, 0], [0, 0], [1, 1], [0, 3], [0, 0], [1, 1]];

#[test]
fn every_outcome_lenient_and_strict_with_and_without_a_control() {
    for (outcome, [lenient, strict]) in OUTCOMES.into_iter().zip(CODES) {
        for control in [None, Some(false)] {
            assert_eq!(code(row(outcome), false, control), lenient, "{outcome:?}, {control:?}");
            assert_eq!(code(row(outcome), true, control), strict, "{outcome:?}, strict, {control:?}");
        }
        for is_strict in [false, true] {
            assert_eq!(code(row(outcome), is_strict, Some(true)), 3, "{outcome:?} beside a red control");
        }
    }
}

#[test]
fn what_is_accepted_never_keeps_from_a_pass() {
    let until = date(2027, 1, 31);
    let accepted = Accepted { id: "a/b".into(), reason: "known".into(), until, line: 1 };
    for outcome in OUTCOMES {
        let row = ComparedRow { accepted: Some(accepted.clone()), ..row(outcome) };
        assert_eq!([false, true].map(|strict| code(row.clone(), strict, None)), [0, 0], "{outcome:?}");
    }
}

#[test]
fn what_is_not_required_may_be_missing_and_nothing_else() {
    for (outcome, [lenient, _]) in OUTCOMES.into_iter().zip(CODES) {
        let mut row = row(outcome);
        row.policy.required = false;
        let expected = if outcome == Outcome::Missing { 0 } else { lenient };
        assert_eq!(code(row, false, None), expected, "{outcome:?}");
    }
}

#[test]
fn a_comparison_of_nothing_is_no_pass() {
    let code = |rows| compared(rows, false, None).verdict.exit_code();
    let mut optional = row(Outcome::Missing);
    optional.policy.required = false;
    assert_eq!([code(Vec::new()), code(vec![row(Outcome::New)]), code(vec![optional])], [2, 2, 2]);
    assert_eq!(code(vec![row(Outcome::Missing)]), 1, "a failure goes first");
}

#[test]
fn findings_name_the_row_and_what_it_is_held_to() {
    let reasons = |outcome| {
        let findings = compared(vec![row(outcome)], true, None).findings;
        findings.into_iter().map(|finding| finding.reason).collect::<String>()
    };
    assert_eq!(reasons(Outcome::Regressed), "a/b REGRESSED: +10.0 % [+5.0 %, +15.0 %], margin 2%");
    assert!(reasons(Outcome::Missing).starts_with("a/b is MISSING"));
    assert!(reasons(Outcome::Inconclusive).starts_with("a/b is INCONCLUSIVE"));
    let red = compared(vec![row(Outcome::Regressed)], false, Some(true)).findings;
    assert!(
        red[0].reason.contains("1 of 1 rows differ among the base runs (a/c)") && red.len() == 2,
        "{red:?}"
    );
}

#[test]
fn a_soft_margin_warns_where_the_whole_interval_is_beyond_it() {
    let warns = |better, soft_margin, interval| {
        let mut row = row(Outcome::Inconclusive);
        (row.policy.better, row.policy.soft_margin, row.change.interval) = (better, soft_margin, interval);
        row.warns()
    };
    assert!(warns(Better::Lower, Some(0.01), Some([1.011, 1.2])));
    assert!(!warns(Better::Lower, Some(0.01), Some([1.009, 1.2])), "the near end is within");
    assert!(!warns(Better::Lower, Some(0.01), Some([0.5, 0.6])), "that is better");
    assert!(warns(Better::Higher, Some(0.01), Some([0.5, 0.98])));
    assert!(!warns(Better::Higher, Some(0.01), Some([1.1, 1.2])));
    assert!(!warns(Better::Lower, None, Some([1.5, 1.6])) && !warns(Better::Lower, Some(0.0), None));
}

#[test]
fn a_bench_that_could_not_run_fails_whatever_the_control_says() {
    let failure = Failure { category: "a".into(), reason: "exit code 101".into(), output: Vec::new() };
    for red in [false, true] {
        let code = |failures| {
            let compared =
                measured(vec![row(Outcome::Unchanged)], false, Some(red), Some(measuring(failures)));
            compared.verdict.exit_code()
        };
        assert_eq!(code(vec![failure.clone()]), 1);
        assert_eq!(code(Vec::new()), if red { 3 } else { 0 });
    }
}

#[test]
fn a_budget_for_nothing_is_no_pass() {
    let mut open = row(Outcome::Inconclusive);
    open.change.interval = None;
    let of = |rows| measured(rows, false, None, Some(measuring(Vec::new())));
    let nothing = of(vec![open.clone(), row(Outcome::New)]);
    assert_eq!(nothing.verdict.exit_code(), 2);
    assert!(nothing.findings[0].reason.contains("the budget is too small"));
    assert_eq!(of(vec![open, row(Outcome::New), row(Outcome::Unchanged)]).verdict.exit_code(), 0);
}

#[test]
fn coverage_says_what_is_on_one_side_alone() {
    let all = OUTCOMES.into_iter().map(row).collect();
    let coverage = compared(all, false, None).coverage().to_string();
    assert_eq!(coverage, "4 of 6, left out 2 (1 only in the head, 1 only in the base)");
}
