//! What holds for every input: severities follow the limits, and no broken file is ever a pass.

use std::path::PathBuf;
use std::sync::Arc;

use crate::common::{HOME, Project, THRESHOLDS};
use bench_gate::command::cli::Cli;
use bench_gate::judge::{MetricRow, Severity};
use bench_gate::model::benchmark::{Benchmark, Estimate, Estimates, Samples};
use bench_gate::thresholds::{Better, IdPattern, Metric, MetricLimits, Statistic};
use bench_gate::{command, criterion};
use clap::Parser;
use proptest::prelude::*;
use proptest::sample::Index;

const FILES: [&str; 3] = ["benchmark.json", "estimates.json", "sample.json"];

fn positive() -> impl Strategy<Value = f64> {
    prop_oneof![f64::MIN_POSITIVE..=f64::MAX, 1e-3..1e6, Just(1.0), Just(f64::MAX)]
}

/// Three limits from the smallest up; equal ones are allowed.
fn rising() -> impl Strategy<Value = [f64; 3]> {
    [positive(), positive(), positive()].prop_map(|mut limits| {
        limits.sort_by(f64::total_cmp);
        limits
    })
}

fn metric(better: Better, rising: [f64; 3]) -> Metric {
    let [lowest, warning, highest] = rising;
    let [baseline, critical] = if better == Better::Higher { [highest, lowest] } else { [lowest, highest] };
    Metric {
        id: IdPattern::expand("a/b").expect("an id").remove(0).0,
        engine: None,
        name: "n".to_owned(),
        unit: "count".parse().expect("a unit"),
        better,
        statistic: Statistic::Mean,
        size: None,
        at_least: 1,
        limits: MetricLimits::Graded { baseline, warning, critical },
    }
}

/// A benchmark whose mean lies somewhere in an interval.
fn measured([lower, point, upper]: [f64; 3]) -> Benchmark {
    let estimate = Estimate { point, lower, upper };
    let (mean, median, std_dev, median_abs_dev) = (estimate, estimate, estimate, estimate);
    Benchmark {
        id: "a/b".to_owned(),
        throughput: None,
        estimates: Estimates { mean, median, slope: None, std_dev, median_abs_dev },
        samples: Samples { iterations: vec![1.0], totals: vec![1.0] },
        p10: 1.0,
        folder: PathBuf::from("a/b/new"),
    }
}

fn severity(metric: &Metric, interval: [f64; 3]) -> Severity {
    MetricRow::new(&Arc::new(metric.clone()), &measured(interval)).expect("a metric without a size").severity
}

/// The severity by counting the limits that `value` does not hold.
fn by_counting(better: Better, limits: [f64; 3], value: f64) -> Severity {
    let broken = limits.into_iter().filter(|limit| match better {
        Better::Lower => value >= *limit,
        Better::Higher => value <= *limit,
    });
    Severity::ALL[broken.count()]
}

/// The exit code of `check`, run in this process; `None` where it refuses to judge.
fn check(project: &Project) -> Option<u8> {
    let (home, limits) = (project.path(HOME), project.path(THRESHOLDS));
    let arguments = ["bench-gate", "check", "--no-save", "--criterion-home"].map(PathBuf::from);
    let named = [home, PathBuf::from("--thresholds"), limits];
    let cli = Cli::try_parse_from(arguments.into_iter().chain(named)).expect("good arguments");
    command::execute(cli, &mut Vec::new()).ok()
}

fn result_file(name: &str) -> String {
    format!("{HOME}/api/health/new/{name}")
}

/// A good project, with `change` made to the bytes of one file of its only result.
fn broken(file: Index, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Project {
    let (project, name) = (Project::good(), result_file(FILES[file.index(FILES.len())]));
    let whole = project.read(&name).into_bytes();
    project.write(&name, change(whole));
    project
}

proptest! {
    #[test]
    fn a_severity_counts_the_limits_that_do_not_hold(limits in rising(), interval in rising()) {
        for better in [Better::Lower, Better::Higher] {
            let judged = if better == Better::Lower { interval[0] } else { interval[2] };
            let expected = by_counting(better, limits, judged);
            prop_assert_eq!(severity(&metric(better, limits), interval), expected);
        }
    }

    #[test]
    fn a_worse_value_is_never_milder(limits in rising(), one in positive(), other in positive()) {
        let (less, more) = (one.min(other), one.max(other));
        let of = |better, value| severity(&metric(better, limits), [value; 3]);
        prop_assert!(of(Better::Lower, less) <= of(Better::Lower, more));
        prop_assert!(of(Better::Higher, less) >= of(Better::Higher, more));
    }

    #[test]
    fn doubt_is_only_ever_to_the_good(limits in rising(), interval in rising()) {
        for better in [Better::Lower, Better::Higher] {
            let metric = metric(better, limits);
            prop_assert!(severity(&metric, interval) <= severity(&metric, [interval[1]; 3]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_are_no_result(file: Index, bytes: Vec<u8>) {
        prop_assert_eq!(check(&broken(file, |_| bytes)), None);
    }

    #[test]
    fn a_result_cut_short_anywhere_is_no_result(file: Index, at: Index) {
        let cut = |whole: Vec<u8>| whole[..at.index(whole.len())].to_vec();
        prop_assert_eq!(check(&broken(file, cut)), None);
    }

    #[test]
    fn a_changed_byte_never_panics(file: Index, at: Index, byte: u8) {
        let project = broken(file, |mut whole| {
            let at = at.index(whole.len());
            whole[at] = byte;
            whole
        });
        let _ = criterion::load(&project.path(HOME), criterion::LATEST);
    }

    #[test]
    fn no_estimate_that_is_read_is_zero_negative_or_not_finite(value in proptest::num::f64::ANY) {
        let project = Project::good();
        let estimates = project.read(result_file(FILES[1])).replace("5000000.0", &format!("{value:?}"));
        project.write(result_file(FILES[1]), estimates);
        let read = criterion::load(&project.path(HOME), criterion::LATEST);
        prop_assert_eq!(read.is_ok(), value.is_finite() && value > 0.0, "{}", value);
    }

    #[test]
    fn arbitrary_text_is_no_thresholds_file(text: String) {
        let project = Project::good();
        project.write(THRESHOLDS, text);
        prop_assert_eq!(check(&project), None);
    }
}
