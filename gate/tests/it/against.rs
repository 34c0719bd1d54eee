//! `check --baseline` and `run --baseline`: results against a named baseline, or against one that Criterion saved.

use crate::common;
use crate::common::runs::{home, result};
use crate::common::tiny::project as tiny;
use crate::common::{Ended, HOME, Project, THRESHOLDS, metric, record, saved};
use serde_json::{Value, json};

const MAIN: &str = "baselines/main.json";
const RUNS: u32 = 8;

/// A project with limits that everything meets, and a baseline `main` of several runs of `api/a` and `cache/b`.
fn with_baseline() -> Project {
    let limits = ["api/a", "cache/b"].map(|id| metric(id, "ms", "lower", [10.0, 20.0, 30.0]));
    let project = Project::with_limits(&limits.concat());
    let runs: Vec<Value> = (0..RUNS).map(|run| exported(&project, run)).collect();
    let record: Value = serde_json::from_str(&record("2001-01-01T00:00:00Z", &[])).unwrap();
    let environment = &record["environment"];
    let baseline = json!({ "schema_version": 1, "name": "main", "environment": environment, "runs": runs });
    project.write(MAIN, baseline.to_string());
    project
}

/// The n-th run of the base as a baseline's.
fn exported(project: &Project, run: u32) -> Value {
    let home = home("base", run);
    for id in ["api/a", "cache/b"] {
        project.save_in(&home, &result(id, "base", run, 1.0).under("main"));
    }
    project.gate(&["baseline", "export", "main", "--criterion-home", &home, "-o", "one.json"]).exits(0);
    let mut baseline: Value = serde_json::from_str(&project.read("one.json")).unwrap();
    baseline["runs"][0].take()
}

/// Fills the project's home with one run, in which `api/a` is slower by `effect`.
fn measured(project: &Project, effect: f64) -> &Project {
    project.save(&result("api/a", "head", 0, effect)).save(&result("cache/b", "head", 0, 1.0))
}

#[test]
fn one_run_is_compared_with_a_named_baseline_and_said_to_be_one() {
    let project = with_baseline();
    let ended = measured(&project, 1.0).check(&["--baseline", "main"]).exits(0);
    ended
        .prints("COMPARISON WITH A BASELINE")
        .prints("rows of this run with baseline `main`, left out")
        .prints("head: 1 run, base: 8 runs");
    ended.prints("this run is one run, evidence of one").prints("environment of this run unknown");
    ended.prints("Compared: 2 (2 unchanged)").prints("PASSED");
    let comparison = &project.report("performance_benchmark_report")["comparison"];
    assert_eq!((&comparison["verdict"], &comparison["rows"][0]["pairs"]), (&json!("pass"), &json!(1)));
}

#[test]
fn a_regression_fails_what_all_limits_pass() {
    let project = with_baseline();
    measured(&project, 1.3).check(&[]).exits(0);
    let ended = project.check(&["--baseline", "main"]).exits(1);
    ended.prints("api/a REGRESSED: +").prints("FAILED (Pass rate: 100.0%)");
    let report = project.report("performance_benchmark_report_2");
    assert_eq!(report["exit_code"], 0, "that of the first check");
    project.check(&["--baseline", "main", "--margin", "50%"]).exits(0);
    project.check(&["cache", "--baseline", "main"]).exits(0).is_silent_about("api/a");
}

#[test]
fn what_the_baseline_has_and_the_run_has_not_fails() {
    let project = with_baseline();
    project.save(&result("api/a", "head", 0, 1.0));
    project.check(&["--baseline", "main"]).exits(1).prints("cache/b is MISSING").prints("no fresh result");
    project.check(&["api", "--baseline", "main"]).exits(0);
}

#[test]
fn another_environment_is_refused_unless_it_is_allowed() {
    let project = with_baseline();
    let other = record("2001-02-01T00:00:00Z", &[]).replace("a processor", "another");
    measured(&project, 1.0).write("home/bench-gate.json", other);
    let said =
        ["different processor: baseline `main`, run 1 was measured with a processor, home with another"];
    let check = ["check", "--criterion-home", HOME, "--baseline", "main"];
    project.gate_refuses(&check, &said, "or give --allow-different-environment");
    let ended = project.check(&["--baseline", "main", "--allow-different-environment"]).exits(0);
    ended.prints("! UNCHANGED").prints("! measured in different environments: different processor");
}

#[test]
fn the_run_that_the_baseline_was_made_of_is_no_evidence_against_it() {
    let project = with_baseline();
    for id in ["api/a", "cache/b"] {
        project.save(&result(id, "base", 3, 1.0));
    }
    let check = ["check", "--criterion-home", HOME, "--baseline", "main"];
    let said = ["baseline `main`, run 4 and home are one run, counted twice"];
    project.gate_refuses(&check, &said, "give each run a process and a home of its own");
}

#[test]
fn a_baseline_that_is_not_there_is_refused() {
    let project = Project::with_limits(&metric("api/a", "ms", "lower", [10.0, 20.0, 30.0]));
    project.save(&result("api/a", "head", 0, 1.0));
    let check = ["check", "--criterion-home", HOME, "--baseline", "other"];
    project.gate_refuses(&check, &["no baseline `other`"], "save one with `bench-gate run");
}

#[test]
fn limits_may_be_left_out_where_there_is_a_baseline() {
    let project = with_baseline();
    let policy = "schema_version = 1\n[[metric]]\nid = \"api/a\"\nbetter = \"lower\"\nmargin = \"5%\"\n";
    measured(&project, 1.0).write(common::THRESHOLDS, policy);
    project
        .check(&["--baseline", "main"])
        .exits(0)
        .prints("PASSED (2 of 2 rows decided against baseline `main`)");
    project.check(&[]).exits(2).prints("nothing was judged");
}

#[test]
fn several_runs_make_a_baseline_and_are_compared_with_one() {
    let project = tiny(&["good"]);
    let ended = project.gate(&["run", "--quick", "--runs", "5", "--save-baseline", "main"]).exits(0);
    ended.prints("Run 5 of 5").prints("PASSED");
    project.gate(&["baseline", "show", "main"]).exits(0).prints("Runs:     5").prints("Mode:     quick");
    let kept: Vec<_> = std::fs::read_dir(project.path("target/bench-gate")).unwrap().collect();
    assert_eq!(kept.len(), 1, "only `latest` is kept: {kept:?}");
    let ended = project.gate(&["run", "--quick", "--runs", "3", "--baseline", "main"]).exits(0);
    ended.prints("head: 3 runs, base: 5 runs").prints("1 unchanged");
}

#[test]
fn a_mode_that_differs_is_refused_before_anything_runs() {
    let project = tiny(&["good"]);
    project.gate(&["run", "--quick", "--runs", "5", "--save-baseline", "main"]).exits(0);
    let run = ["run", "--baseline", "main"];
    let said = ["different mode: baseline `main`, run 1 was measured with quick, this run with full"];
    project.gate_refuses(&run, &said, "or give --allow-different-environment");
    let ended = project.gate(&[&run[..], &["--allow-different-environment"]].concat()).exits(1);
    ended.prints("good/a REGRESSED: +100.0 %").prints("! REGRESSED");
}

#[test]
fn a_category_that_crashes_in_any_run_fails_and_is_not_compared() {
    let project = tiny(&["crashes", "good"]);
    project.gate(&["run", "good", "--runs", "5", "--save-baseline", "main"]).exits(0);
    let ended =
        project.gate(&["run", "--runs", "2", "--baseline", "main", "--save-baseline", "next"]).exits(1);
    ended.prints("crashes could not run: exit code 101 (run 1)").prints("Not compared with baseline `main`");
    assert!(!project.path("baselines/next.json").exists());
}

#[test]
fn runs_that_are_none_and_several_in_one_home() {
    let project = tiny(&["good"]);
    for arguments in
        [&["run", "--runs", "0"][..], &["run", "--runs", "2", "--criterion-home", HOME], &["run", "--strict"]]
    {
        let ended = project.gate(arguments).exits(2);
        assert!(
            ended.stdout.is_empty() && ended.stderr.contains("error:"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

/// A project as `cargo bench -- --save-baseline main`, a change by `effects` and `cargo bench` leave it.
fn everyday(effects: &[f64]) -> Project {
    let project = Project::empty();
    for (at, effect) in effects.iter().enumerate() {
        let result = saved(&format!("p/{at}")).mean(1e6).spread(5e3);
        project.save(&result.clone().under("main")).save(&result.mean(effect * 1.002e6));
    }
    project
}

fn against_main(project: &Project, more: &[&str]) -> Ended {
    project.check(&[&["--no-save", "--baseline", "main"], more].concat())
}

#[test]
fn one_run_against_a_saved_baseline_has_an_answer() {
    against_main(&everyday(&[1.0, 1.0]), &[]).exits(0).prints("judged 2 of 2").prints("2 of 2 rows decided");
    let ended = against_main(&everyday(&[1.3, 1.0]), &[]).exits(1);
    ended.prints("p/0 is CRITICAL: +30.3 %").prints("limit +25%").prints("one run against one");
    let ended = against_main(&everyday(&[1.2, 1.0, 1.0]), &[]).exits(0);
    ended.prints("INCONCLUSIVE").prints("what would probably decide them");
    let ended = against_main(&everyday(&[1.2]), &[]).exits(3);
    ended.prints("0 of 1 rows could be decided").is_silent_about("PASSED");
}

#[test]
fn an_improvement_that_is_too_good_is_suspicious() {
    let project = everyday(&[0.3, 1.0]);
    against_main(&project, &[]).exits(0).prints("IMPROVED").prints("is the work still done?");
    against_main(&project, &["--strict"]).exits(3).prints("p/0 is SUSPICIOUS");
    against_main(&everyday(&[0.5, 1.0]), &["--strict"]).exits(0).is_silent_about("SUSPICIOUS");
}

#[test]
fn changes_have_limits_of_their_own() {
    let project = everyday(&[1.3, 1.0]);
    project.write(THRESHOLDS, "schema_version = 1\n[change]\ncritical = \"+40 %\"\n");
    against_main(&project, &[]).exits(0).prints("w beyond the soft margin").prints("p/0 +30.3 %");
    let metric = "[[metric]]\nid = \"p/0\"\nbetter = \"lower\"\nchange = { critical = \"25 %\" }\n";
    project.write(THRESHOLDS, format!("schema_version = 1\n[change]\ncritical = \"+40 %\"\n{metric}"));
    against_main(&project, &[]).exits(1).prints("p/0 is CRITICAL");
}

#[test]
fn a_warning_beyond_the_critical_change_is_refused() {
    let project = everyday(&[1.0]);
    project.write(THRESHOLDS, "schema_version = 1\n[change]\nwarning = \"30 %\"\n");
    let said = ["baselines/thresholds.toml:3: the warning at 0.3 is beyond the critical change of 0.25"];
    against_main(&project, &[]).refuses(&said, "that line");
}

#[test]
fn a_saved_set_that_the_run_shares_nothing_with_is_no_pass() {
    let project = Project::empty();
    project.save(&saved("p/new")).save(&saved("p/old").under("main"));
    against_main(&project, &[]).exits(1).prints("judged 0 of 2").prints("p/old is MISSING");
}
