use std::path::{Path, PathBuf};

use super::*;
use crate::model::benchmark::{Estimate, Estimates, Samples, Throughput};
use crate::thresholds::Thresholds;

/// A result of `id` whose every estimate is `point`, within `spread` of it.
pub(super) fn result(id: &str, point: f64, spread: f64, throughput: Option<Throughput>) -> Benchmark {
    let estimate = Estimate { point, lower: point - spread, upper: point + spread };
    Benchmark {
        id: id.to_owned(),
        throughput,
        estimates: Estimates {
            mean: estimate,
            median: estimate,
            slope: None,
            std_dev: estimate,
            median_abs_dev: estimate,
        },
        samples: Samples { iterations: vec![1.0], totals: vec![1.0] },
        p10: 1.0,
        folder: PathBuf::from(id),
    }
}

fn thresholds(text: &str) -> Thresholds {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thresholds.toml");
    std::fs::write(&path, format!("schema_version = 1\n{text}")).unwrap();
    Thresholds::load(Path::new(&path)).unwrap()
}

fn metric(id: &str, unit: &str, better: &str, limits: [f64; 3]) -> String {
    let [baseline, warning, critical] = limits;
    format!(
        "[[metric]]\nid = \"{id}\"\nname = \"n\"\nunit = \"{unit}\"\nbetter = \"{better}\"\n\
         baseline = {baseline:?}\nwarning = {warning:?}\ncritical = {critical:?}\n"
    )
}

fn judged(text: &str, benchmarks: &[Benchmark]) -> Judgement {
    judge(&thresholds(text), benchmarks, Scope::default(), None).unwrap()
}

#[test]
fn severity_follows_the_limits_on_both_sides_and_at_them() {
    let lower = metric("a/b", "ns", "lower", [10.0, 20.0, 30.0]);
    let higher = metric("a/b", "%", "higher", [90.0, 80.0, 70.0]);
    let cases = [
        (&lower, 9.9, Severity::Info),
        (&lower, 10.0, Severity::Low),
        (&lower, 20.0, Severity::Medium),
        (&lower, 29.9, Severity::Medium),
        (&lower, 30.0, Severity::Critical),
        (&lower, 1e300, Severity::Critical),
        (&higher, 90.1, Severity::Info),
        (&higher, 90.0, Severity::Low),
        (&higher, 80.0, Severity::Medium),
        (&higher, 70.0, Severity::Critical),
        (&higher, 1e-300, Severity::Critical),
    ];
    for (text, value, severity) in cases {
        assert_eq!(judged(text, &[result("a/b", value, 0.0, None)]).rows[0].severity, severity, "{value}");
    }
}

#[test]
fn the_interval_gives_the_benefit_of_the_doubt() {
    let row = |better, value| {
        let limits = if better == "lower" { [10.0, 20.0, 30.0] } else { [30.0, 20.0, 10.0] };
        judged(&metric("a/b", "ns", better, limits), &[result("a/b", value, 2.0, None)]).rows.remove(0)
    };
    assert_eq!((row("lower", 31.0).severity, row("lower", 31.0).doubted()), (Severity::Medium, true));
    assert_eq!((row("lower", 32.0).severity, row("lower", 32.0).doubted()), (Severity::Critical, false));
    assert_eq!((row("higher", 9.0).severity, row("higher", 9.0).doubted()), (Severity::Medium, true));
    assert_eq!((row("higher", 8.0).severity, row("higher", 8.0).doubted()), (Severity::Critical, false));
}

#[test]
fn another_size_is_judged_per_element_and_says_so() {
    let text = metric("a/b/*", "s", "lower", [30.0, 45.0, 60.0]) + "size = 50_000\n";
    let quick = result("a/b/25000", 20e9, 0.0, Some(Throughput::Elements(25_000)));
    let row = &judged(&text, &[quick]).rows[0];
    assert_eq!(
        (row.severity, row.scaled_from, row.shown_value()),
        (Severity::Low, Some(25_000), "40 s".into())
    );
    let full = result("a/b/50000", 20e9, 0.0, Some(Throughput::Elements(50_000)));
    assert_eq!(judged(&text, &[full]).rows[0].scaled_from, None);
    let bare = judge(&thresholds(&text), &[result("a/b/9", 1.0, 0.0, None)], Scope::default(), None);
    assert!(bare.unwrap_err().to_string().contains("declares none"));
}

#[test]
fn a_rate_is_the_declared_throughput() {
    let text = metric("a/b", "messages/s", "higher", [1_000.0, 500.0, 250.0]);
    let row = judged(&text, &[result("a/b", 2e9, 1e9, Some(Throughput::Elements(1_200)))]).rows.remove(0);
    assert!((row.value.point - 600.0).abs() < 1e-9 && (row.judged() - 1_200.0).abs() < 1e-9);
    assert_eq!(row.severity, Severity::Info);
}

#[test]
fn an_infinite_rate_is_refused() {
    let text = metric("a/b", "messages/s", "higher", [1_000.0, 500.0, 250.0]);
    let instant = result("a/b", 5e-324, 0.0, Some(Throughput::Elements(1_200)));
    let error = judge(&thresholds(&text), &[instant], Scope::default(), None).unwrap_err();
    assert!(error.to_string().contains("would be inf"), "{error}");
}

#[test]
fn the_verdict_is_the_worst_finding_and_absence_is_one() {
    let text =
        metric("a/b", "ns", "lower", [10.0, 20.0, 30.0]) + &metric("a/c", "ns", "lower", [10.0, 20.0, 30.0]);
    let verdict = |values: &[(&str, f64)]| {
        let results: Vec<Benchmark> =
            values.iter().map(|(id, value)| result(id, *value, 0.0, None)).collect();
        judged(&text, &results).verdict
    };
    assert_eq!(verdict(&[("a/b", 5.0), ("a/c", 15.0)]), Verdict::Pass);
    assert_eq!(verdict(&[("a/b", 5.0)]), Verdict::Undecided(Undecided::BadInput));
    assert_eq!(verdict(&[("a/b", 35.0)]), Verdict::Fail);
    assert_eq!(verdict(&[("a/b", 5.0), ("a/c", 25.0)]), Verdict::Fail, "half of them pass, 90 % must");
    assert_eq!(verdict(&[("a/z", 5.0)]), Verdict::Undecided(Undecided::BadInput), "nothing judged");
}

#[test]
fn a_category_that_could_not_run_fails() {
    let text = metric("a/b", "ns", "lower", [10.0, 20.0, 30.0]);
    let failure = Failure { category: "a".into(), reason: "exit code 101".into(), output: Vec::new() };
    let scope = Scope { categories: vec!["a".into()], failures: vec![failure], ..Scope::default() };
    let judgement = judge(&thresholds(&text), &[result("a/b", 5.0, 0.0, None)], scope, None).unwrap();
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert!(judgement.findings[0].reason.contains("category a could not run: exit code 101"));
}

#[test]
fn a_category_that_nothing_belongs_to_is_refused() {
    let text = metric("a/b", "ns", "lower", [10.0, 20.0, 30.0]);
    let results = [result("a/b", 5.0, 0.0, None)];
    let error = refuse_unknown_categories(&thresholds(&text), &results, &["z".into()]).unwrap_err();
    assert!(error.to_string().contains("no category `z`: there are a"), "{error}");
}

#[test]
fn verdicts_join_and_exit_as_promised() {
    let rising = [
        Verdict::Pass,
        Verdict::Undecided(Undecided::Inconclusive),
        Verdict::Undecided(Undecided::BadInput),
        Verdict::Fail,
    ];
    assert!(rising.is_sorted_by(|mild, severe| mild < severe));
    assert_eq!(rising.map(Verdict::exit_code), [0, 3, 2, 1]);
    assert_eq!(rising.map(Verdict::name), ["pass", "undecided", "undecided", "fail"]);
}

#[test]
fn a_pattern_that_lost_a_benchmark_is_not_answered_by_the_others() {
    let text = metric("a/*", "ns", "lower", [10.0, 20.0, 30.0]) + "at_least = 2\n";
    let results = [result("a/b", 5.0, 0.0, None), result("a/c", 5.0, 0.0, None)];
    assert_eq!(judged(&text, &results).verdict, Verdict::Pass);
    let judgement = judged(&text, &results[..1]);
    assert_eq!(
        (judgement.verdict, judgement.missing[0].what()),
        (Verdict::Undecided(Undecided::BadInput), "only 1 of 2".into())
    );
}

#[test]
fn a_pattern_whose_benchmarks_have_limits_of_their_own_is_answered() {
    let limits = [10.0, 20.0, 30.0];
    let text = metric("a/*", "ns", "lower", limits) + &metric("a/b", "ns", "lower", limits);
    let judgement = judged(&text, &[result("a/b", 5.0, 0.0, None)]);
    assert_eq!((judgement.verdict, judgement.rows.len()), (Verdict::Pass, 1));
}
