//! A Criterion home that is not there, holds nothing, or holds what does not belong to this run.

use std::fs;

use crate::common::{HOME, Project, metric, record, saved};

const MEASURE_FIRST: &str = "run `cargo bench` or `bench-gate run` first";

/// A run's record, as `bench-gate run` leaves it in the home.
#[test]
fn no_criterion_home() {
    let project = Project::with_limits(&metric("api/health", "ms", "lower", [1.0, 2.0, 3.0]));
    project.check_refuses(&["home: no Criterion results here: the folder does not exist"], MEASURE_FIRST);
}

#[test]
fn no_criterion_home_in_the_default_place() {
    let project = Project::with_limits(&metric("api/health", "ms", "lower", [1.0, 2.0, 3.0]));
    project.gate_refuses(&["check"], &["target/criterion: no Criterion results here"], MEASURE_FIRST);
}

#[test]
fn a_home_that_is_a_file() {
    let project = Project::with_limits(&metric("api/health", "ms", "lower", [1.0, 2.0, 3.0]));
    project.write(HOME, "not a folder").check_refuses(&["home: no Criterion results here"], MEASURE_FIRST);
}

#[test]
fn an_empty_home() {
    let project = Project::with_limits(&metric("api/health", "ms", "lower", [1.0, 2.0, 3.0]));
    fs::create_dir(project.path(HOME)).unwrap();
    project.check_refuses(&["home: no Criterion results here: the folder holds no `new/"], MEASURE_FIRST);
}

#[test]
fn a_home_with_nothing_but_a_saved_baseline() {
    let project = Project::with_limits(&metric("api/health", "ms", "lower", [1.0, 2.0, 3.0]));
    project.save(&saved("api/health").under("main"));
    project.check_refuses(&["home: no Criterion results here"], MEASURE_FIRST);
}

#[test]
fn a_category_that_matches_nothing() {
    Project::good().gate_refuses(
        &["check", "--criterion-home", HOME, "api", "databse"],
        &["no category `databse`: there are api"],
        "name one of those, or none to take all",
    );
}

#[test]
fn a_threshold_without_a_fresh_result_is_no_pass() {
    let project = Project::with_limits(
        &(metric("api/health", "ms", "lower", [10.0, 20.0, 30.0])
            + &metric("api/upload", "ms", "lower", [10.0, 20.0, 30.0])),
    );
    let ended = project.save(&saved("api/health")).check(&[]).exits(2);
    ended.prints("no fresh result for `api/upload` (The api/upload)").prints("UNDECIDED");
    ended.prints("looked in home; run what is missing, or name the categories to judge");
}

#[test]
fn results_without_any_threshold_are_no_pass() {
    let project = Project::with_limits(&metric("api/upload", "ms", "lower", [1.0, 2.0, 3.0]));
    let ended = project.save(&saved("cache/hit")).check(&["cache"]).exits(2);
    ended.prints("nothing was judged");
}

#[test]
fn a_result_older_than_the_run() {
    let project = Project::good();
    project.write("home/bench-gate.json", record("2999-01-01T00:00:00Z", &[]));
    project.check_refuses(
        &["home/api/health/new: stale result: `api/health` was measured before this run started"],
        "use a fresh --criterion-home",
    );
}

#[test]
fn a_result_younger_than_the_run_is_fresh() {
    let project = Project::good();
    project.write("home/bench-gate.json", record("2001-01-01T00:00:00Z", &[])).check(&[]).exits(0);
}

#[test]
fn a_run_record_that_is_none() {
    let foreign = record("2001-01-01T00:00:00Z", &[]).replace("\"schema_version\":1", "\"schema_version\":9");
    for contents in ["", "{", r#"{ "schema_version": 1 }"#, &foreign] {
        let project = Project::good();
        project.write("home/bench-gate.json", contents);
        project.check_refuses(
            &["home/bench-gate.json: not the record of a run"],
            "delete the file and measure again",
        );
    }
}

#[test]
fn two_benchmarks_with_one_id() {
    let project = Project::good();
    project.save(&saved("api/health").in_directory("api/health_2"));
    project.check_refuses(
        &["two benchmarks with one id `api/health`", "home/api/health/new", "home/api/health_2/new"],
        "rename one benchmark, measure one package alone (--package), or delete the folder that is out of date",
    );
}

#[test]
fn a_metric_that_needs_a_throughput_the_benchmark_has_not() {
    let project = Project::with_limits(&metric("api/rate", "requests/s", "higher", [30.0, 20.0, 10.0]));
    project.save(&saved("api/rate")).check_refuses(
        &["metric `api/rate` cannot judge `api/rate`", "the benchmark declares none"],
        "give the benchmark a Throughput",
    );
}

#[test]
fn a_throughput_of_zero_elements() {
    let project = Project::with_limits(&metric("api/rate", "requests/s", "higher", [30.0, 20.0, 10.0]));
    project.save(&saved("api/rate").elements(0)).check_refuses(
        &["it declares 0 elements an iteration, and zero is no throughput"],
        "correct the metric in thresholds.toml",
    );
}
