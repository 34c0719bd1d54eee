//! `bench-gate run` on a small project of its own: what it builds, runs, keeps and leaves.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common;
use crate::common::tiny::project;
use crate::common::{Project, THRESHOLDS, metric};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

fn process(number: &str) -> Pid {
    Pid::from_raw(number.trim().parse().expect("a process's number")).expect("not zero")
}

/// What `probe` gives, once it gives something.
fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        match probe() {
            Some(value) => return value,
            None => assert!(Instant::now() < deadline, "never: {what}"),
        }
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn good_benches_pass_in_the_order_of_the_thresholds() {
    let project = project(&["zebra", "good"]);
    let ended = project.gate(&["run"]).exits(0);
    let at =
        |text: &str| ended.stdout.find(text).unwrap_or_else(|| panic!("no {text:?} in {}", ended.stdout));
    assert!(at("--- Running ZEBRA") < at("--- Running GOOD") && at("--- Running GOOD") < at("SUMMARY"));
    ended.prints("  good/a\n").prints("completed in").prints("PASSED").prints("target/bench-gate/latest");
    let kept: Vec<_> = fs::read_dir(project.path("target/bench-gate")).unwrap().collect();
    assert_eq!(kept.len(), 1, "only `latest` is kept: {kept:?}");
}

#[test]
fn the_report_says_mode_verdict_and_time() {
    let project = project(&["good"]);
    project.gate(&["run"]).exits(0);
    let report = project.report("performance_benchmark_report");
    assert_eq!((&report["environment"]["mode"], &report["verdict"]), (&"full".into(), &"pass".into()));
    assert!(
        report["summary"]["average_duration_s"].as_f64().is_some_and(|seconds| seconds > 0.0),
        "{report}"
    );
}

#[test]
fn the_mode_reaches_the_benches_and_the_report() {
    let project = project(&["good"]);
    project.gate(&["run", "--quick"]).exits(0).prints("quick mode").prints("good/a");
    let report = project.report("performance_benchmark_report");
    assert_eq!(
        (&report["environment"]["mode"], &report["metrics"][0]["value"]),
        (&"quick".into(), &1.0.into())
    );
}

#[test]
fn a_category_that_crashes_fails_and_the_others_are_judged_all_the_same() {
    let project = project(&["crashes", "good"]);
    let ended = project.gate(&["run", "--save-baseline", "main"]).exits(1);
    ended.prints("crashes could not run: exit code 101").prints("the workload gave a wrong answer");
    ended.prints("GOOD: 1/1").prints("CRASHES: 1/1 (100.0%) COULD NOT RUN").prints("was not saved");
    assert!(!project.path("baselines/main.json").exists() && !ended.stdout.contains("60 users"));
    let later = project.gate(&["check", "--criterion-home", "target/bench-gate/latest"]).exits(1);
    later.prints("category crashes could not run: exit code 101");
    project.gate(&["check", "good", "--criterion-home", "target/bench-gate/latest"]).exits(0);
}

#[test]
fn required_engines_are_handed_on_to_the_benches() {
    let project = project(&["demanding"]);
    project.gate(&["run"]).exits(0);
    let limits = metric("demanding/{one,two}/a", "ms", "lower", [10.0, 20.0, 30.0]);
    project.write(THRESHOLDS, project.read(THRESHOLDS) + &limits);
    let ended = project.gate(&["run", "--require", "one", "--require", "two"]).exits(1);
    ended.prints("without Ok(\"one,two\")").prints("one is required, and was not measured");
    project.gate_refuses(
        &["run", "--require", "three"],
        &["`three`: there are one, two"],
        "name one of those",
    );
}

#[test]
fn a_bench_that_refuses_its_input_ends_the_run_and_nothing_is_judged() {
    let project = project(&["refuses", "good"]);
    let ended = project.gate(&["run", "--save-baseline", "main"]).exits(2);
    for said in
        ["the bench `refuses` refused its input: API_URL=\"nowhere\" is no target", "give a base", "help: "]
    {
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    ended.is_silent_about("SUMMARY");
    assert!(!project.path("baselines/main.json").exists() && project.reports().is_empty());
}

#[test]
fn that_a_target_is_mine_reaches_the_benches() {
    let project = project(&["far"]);
    project.gate(&["run"]).exits(1).prints("it is not mine");
    project.gate(&["run", "--target-is-mine"]).exits(0);
}

#[test]
fn a_category_that_saves_nothing_fails() {
    let ended = project(&["silent", "good"]).gate(&["run"]).exits(1);
    ended.prints("silent could not run: it saved no Criterion result").prints("NOT RUN");
    let alone = project(&["silent"]).gate(&["run"]).exits(1);
    alone.prints("category silent could not run").prints("FAILED");
}

#[test]
fn a_category_none_of_whose_engines_is_to_be_had_is_not_run_and_no_failure() {
    let beside = project(&["unavailable", "good"]);
    let ended = beside.gate(&["run"]).exits(0);
    ended.prints("NOT RUN: no server on this machine").prints("help: fetch it").prints("GOOD: 1/1");
    ended.is_silent_about("could not run").is_silent_about("saved no Criterion result");
    let alone = project(&["unavailable"]).gate(&["run"]).exits(2);
    alone.prints("NOT RUN: no server on this machine").prints("nothing was judged");
}

#[test]
fn a_category_that_had_an_engine_and_saved_nothing_fails() {
    let ended = project(&["forgetful", "good"]).gate(&["run"]).exits(1);
    ended.prints("forgetful could not run: it saved no Criterion result");
}

#[test]
fn only_the_named_categories_run() {
    let project = project(&["crashes", "good"]);
    project.gate(&["run", "good", "--quiet"]).exits(0).is_silent_about("crashes");
    project.gate_refuses(
        &["run", "nosuch"],
        &["no category `nosuch`: there are crashes, good"],
        "name one of those",
    );
}

#[test]
fn a_run_is_kept_as_a_named_baseline() {
    let project = project(&["good"]);
    project.gate(&["run", "--no-save", "--save-baseline", "main"]).exits(0).prints("Baseline `main`");
    assert!(project.reports().is_empty());
    let shown = project.gate(&["baseline", "show", "main"]).exits(0);
    shown.prints("Mode:     full").prints("good/a").prints("Rustc:    rustc ");
}

#[test]
fn results_of_an_earlier_run_are_stale_in_a_home_that_is_named() {
    let project = project(&["good"]);
    project.gate(&["run", "--criterion-home", "home"]).exits(0);
    project.save(&common::saved("good/b"));
    project.gate(&["run", "--criterion-home", "home"]).exits(2);
    let stale = project.gate(&["check", "--criterion-home", "home"]).exits(2);
    assert!(stale.stderr.contains("home/good/b/new: stale result: `good/b`"), "{}", stale.stderr);
}

#[test]
fn a_baseline_holds_only_what_this_run_measured() {
    let project = project(&["good", "zebra"]);
    project.gate(&["run", "zebra", "--criterion-home", "home"]).exits(0);
    project.gate(&["run", "good", "--criterion-home", "home", "--save-baseline", "main"]).exits(0);
    project.gate(&["baseline", "show", "main"]).exits(0).prints("good/a").is_silent_about("zebra/a");
}

#[test]
fn nothing_is_built_where_nothing_could_be_reported_or_judged() {
    let project = project(&["good"]);
    project.write("a_file", "");
    project.gate_refuses(
        &["run", "--report-dir", "a_file/reports"],
        &["a_file/reports: cannot make"],
        "name another",
    );
    project.gate_refuses(
        &["run", "--thresholds", "none.toml"],
        &["none.toml: cannot read"],
        "check that the path",
    );
    assert!(!project.path("target").exists());
    fs::remove_file(project.path("Cargo.toml")).unwrap();
    project.gate_refuses(&["run"], &["cargo: ", "Cargo.toml"], "correct what cargo reports");
}

#[test]
fn benches_that_do_not_build_end_in_2() {
    let project = project(&["good"]);
    project.write("benches/good.rs", "fn main() { nonsense }");
    let ended = project.gate(&["run"]).exits(2);
    assert!(ended.stderr.contains("nonsense") && ended.stderr.contains("cargo: the benches do not build"));
    assert!(!project.path("target/bench-gate").exists());
}

/// `bench-gate run` with a bench that never ends, once its child and its grandchild are there.
fn hanging(project: &Project, arguments: &[&str]) -> (Child, [Pid; 2]) {
    fs::create_dir(project.path("tmp")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-gate"));
    command
        .arg("run")
        .args(arguments)
        .current_dir(project.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.env("TINY_PIDS", project.path("pids")).env("TMPDIR", project.path("tmp"));
    let child = command.env_remove("CARGO_TARGET_DIR").spawn().unwrap();
    let read = || fs::read_to_string(project.path("pids")).ok().filter(|pids| pids.ends_with('\n'));
    (
        child,
        eventually("the bench runs", read)
            .split_once(' ')
            .map(|(one, other)| [process(one), process(other)])
            .unwrap(),
    )
}

/// How many entries each folder of `project` has where a run keeps what is its own.
fn kept(project: &Project) -> [usize; 3] {
    let count = |folder: &str| fs::read_dir(project.path(folder)).map_or(0, Iterator::count);
    ["target/bench-gate", "tmp", "test_reports"].map(count)
}

fn interrupted_by(signal: Signal, code: i32) {
    let project = project(&["hangs"]);
    let (mut child, pids) = hanging(&project, &[]);
    assert!(pids.iter().all(|pid| test_kill_process(*pid).is_ok()), "both are there before");
    assert_eq!(kept(&project), [1, 1, 0], "a home, and what the bench keeps for itself");
    kill_process(process(&child.id().to_string()), signal).unwrap();
    assert_eq!(eventually("the end", || child.try_wait().unwrap()).code(), Some(code));
    pids.iter().for_each(|pid| eventually("no process", || test_kill_process(*pid).is_err().then_some(())));
    assert_eq!(kept(&project), [0, 0, 0]);
}

#[test]
fn ctrl_c_leaves_no_process_and_no_file() {
    interrupted_by(Signal::INT, 130);
}

#[test]
fn a_request_to_end_leaves_no_process_and_no_file() {
    interrupted_by(Signal::TERM, 143);
}

#[test]
fn a_terminal_that_is_closed_leaves_no_process_and_no_file() {
    interrupted_by(Signal::HUP, 129);
}

#[test]
fn a_named_home_that_an_interrupted_run_filled_is_not_taken_for_a_whole_one() {
    let project = project(&["good", "hangs"]);
    let (mut child, _) = hanging(&project, &["--criterion-home", "home"]);
    kill_process(process(&child.id().to_string()), Signal::INT).unwrap();
    assert_eq!(eventually("the end", || child.try_wait().unwrap()).code(), Some(130));
    let later = project.gate(&["check", "good", "--criterion-home", "home"]).exits(1);
    later.prints("good could not run: the run that filled this home did not end");
}
