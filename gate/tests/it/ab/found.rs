//! What a comparison finds.

use serde_json::Value;

use super::tiny::{BENCHMARKS, NOISE, Tiny};

/// `b` takes twenty percent longer.
const SLOWER: &str = r#"[("a", 1000.0), ("b", 2400.0)]"#;

/// A project whose head is slower.
fn slower() -> Tiny {
    let tiny = Tiny::new(&["steady"]);
    tiny.commit_benchmarks(SLOWER, "slower");
    tiny
}

fn row<'a>(report: &'a Value, id: &str) -> &'a Value {
    let rows = report["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row {id} in {report}"))
}

#[test]
fn a_slower_benchmark_fails_and_the_others_are_unchanged() {
    let tiny = slower();
    let ended = tiny.ab(&["first"]).exits(1);
    a_fifth_slower(&ended, "steady/b").prints("margin 2%").prints("1 unchanged");
    ended
        .prints("Building the base, first (")
        .prints("Confirming in fresh processes")
        .prints("Null control: green");
    ended.prints("performance_comparison_");
    let report = tiny.0.report("performance_comparison");
    assert_eq!(
        (row(&report, "steady/b")["outcome"].as_str(), report["verdict"].as_str()),
        (Some("regressed"), Some("fail"))
    );
    assert_eq!(tiny.left(), [""; 0]);
}

#[test]
fn a_regression_is_confirmed_by_as_many_fresh_pairs_with_the_base_twice() {
    let tiny = slower();
    let ended = tiny.ab(&["first", "--filter", "steady/b", "--json"]).exits(1);
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    let pairs = row(&report, "steady/b")["pairs"].as_u64().expect("a number");
    assert!(ended.stderr.contains("Slower by the first evidence: steady/b"), "{}", ended.stderr);
    // Half of the pairs raise the suspicion, with two runs each; the other half confirm it, with three.
    assert_eq!(tiny.runs(), pairs / 2 * 2 + pairs / 2 * 3);
}

#[test]
fn the_other_way_round_it_has_improved() {
    let tiny = slower();
    let ended = tiny.ab(&["slower", "first"]).exits(0);
    ended.prints("IMPROVED").prints("1 improved, 1 unchanged");
}

#[test]
fn one_revision_against_itself_passes_and_is_said_to_be() {
    let tiny = Tiny::new(&["steady"]);
    let ended = tiny.ab(&["first", "--seed", "7"]).exits(0);
    ended.prints("A/A").prints("2 unchanged").prints("Comparison PASSED").prints("seed 7");
    assert!(tiny.0.path("target/bench-gate/ab/target/base").exists());
    assert!(!tiny.0.path("target/bench-gate/ab/target/head").exists(), "one revision is built once");
}

#[test]
fn files_in_place_are_measured_if_that_is_asked_for() {
    let tiny = Tiny::new(&["steady"]);
    tiny.edit("steady", &[(BENCHMARKS, SLOWER)]);
    tiny.ab(&["HEAD", "HEAD"]).exits(0).is_silent_about("REGRESSED");
    tiny.ab(&["HEAD", "worktree", "steady"])
        .exits(1)
        .prints("steady/b REGRESSED")
        .prints("the files in place");
}

#[test]
fn a_benchmark_of_one_side_is_new_or_missing() {
    let tiny = Tiny::new(&["steady"]);
    tiny.commit_benchmarks(r#"[("a", 1000.0), ("c", 2000.0)]"#, "renamed");
    let ended = tiny.ab(&["first"]).exits(1);
    ended.prints("steady/b is MISSING").prints("1 new, 1 unchanged");
    tiny.ab(&["first", "--filter", "steady/a"]).exits(0).is_silent_about("MISSING");
    tiny.ab(&["first", "--filter", "*/c"]).exits(2).prints("no benchmark is on both sides");
}

#[test]
fn a_bench_target_of_one_side_is_new_or_missing() {
    let tiny = Tiny::new(&["steady", "other"]);
    let manifest = tiny.0.read("Cargo.toml").replace("name = \"other\"", "name = \"fresh\"");
    tiny.0.write("Cargo.toml", manifest);
    tiny.git(&["mv", "benches/other.rs", "benches/fresh.rs"]);
    tiny.commit("renamed");
    let ended = tiny.ab(&["first"]).exits(1);
    ended.prints("other/a is MISSING").prints("other/b is MISSING").prints("2 new, 2 unchanged");
    tiny.ab(&["first", "HEAD", "steady"]).exits(0).prints("Compared: 2 (2 unchanged)");
}

#[test]
fn a_bench_that_knows_neither_lists_nor_filters_is_compared_too() {
    let tiny = Tiny::new(&["deaf"]);
    tiny.edit("deaf", &[(BENCHMARKS, SLOWER)]);
    tiny.commit("slower");
    let ended = tiny.ab(&["first"]).exits(1);
    a_fifth_slower(&ended, "deaf/b").prints("1 unchanged");
}

#[test]
fn a_bench_that_crashes_on_the_head_fails_whatever_the_others_do() {
    let tiny = Tiny::new(&["steady", "other"]);
    tiny.edit("other", &[("NAME != \"crashes\"", "false")]);
    tiny.commit("broken");
    let ended = tiny.ab(&["first"]).exits(1);
    ended.prints("other could not run on the head: exit code 101").prints("2 unchanged");
    let report = tiny.0.report("performance_comparison");
    let output = report["measuring"]["failures"][0]["output"].to_string();
    assert!(output.contains("the workload gave a wrong answer"), "{output}");
}

#[test]
fn noise_that_hides_every_change_is_no_pass() {
    let tiny = Tiny::new(&["steady"]);
    tiny.edit("steady", &[(NOISE, "NOISE: f64 = 0.3"), ("noise(seed))", "noise(seed ^ 0x5bd1_e995))")]);
    tiny.commit("noisy");
    let arguments = ["noisy", "--pairs-max", "12", "--seed", "20"];
    let ended = tiny.ab(&arguments).exits(3);
    ended.prints("0 of 2 rows could be decided").prints("what would probably decide them");
    tiny.ab(&[&arguments[..], &["--strict"]].concat()).exits(3).prints("is INCONCLUSIVE");
    tiny.ab(&[&arguments[..], &["--margin", "200%"]].concat()).exits(0).prints("2 unchanged");
}

#[test]
fn a_red_control_is_about_the_machine_and_not_the_head() {
    let tiny = Tiny::new(&["steady"]);
    // Each process is slower than the one before, whichever side it belongs to.
    tiny.edit("steady", &[("1.0 + NOISE * noise(seed)", "1.1_f64.powf(run as f64)")]);
    tiny.commit("drifting");
    let ended = tiny.ab(&["drifting", "--filter", "steady/a"]).exits(3);
    ended.prints("Null control: RED").prints("unfit to compare on");
}

#[test]
fn a_budget_that_is_too_small_says_so_and_is_no_pass() {
    let tiny = Tiny::new(&["steady"]);
    let ended = tiny.ab(&["first", "--budget", "1ms"]).exits(2);
    ended.prints("the budget is too small").prints("too expensive for the budget").prints("2 inconclusive");
}

/// What `bench-gate ab` does under thresholds with a metric for `b`, and `more` in its entry and behind it.
fn held_to(tiny: &Tiny, better: &str, more: &str) -> crate::common::Ended {
    let limits = if better == "lower" { [1, 2, 3] } else { [3, 2, 1] };
    let [baseline, warning, critical] = limits;
    let metric = format!(
        "schema_version = 1\n[[metric]]\nid = \"steady/b\"\nname = \"b\"\nunit = \"ns\"\nbetter = \"{better}\"\n\
         baseline = {baseline}\nwarning = {warning}\ncritical = {critical}\n{more}"
    );
    tiny.0.write("limits.toml", metric);
    tiny.ab(&["first", "slower", "--thresholds", "limits.toml"])
}

#[test]
fn thresholds_say_what_is_tolerated_what_is_good_and_what_is_accepted() {
    let tiny = slower();
    held_to(&tiny, "lower", "margin = \"30%\"\n").exits(0).prints("2 unchanged");
    held_to(&tiny, "higher", "").exits(0).prints("IMPROVED");
    let accepted = "[[accepted]]\nid = \"steady/b\"\nreason = \"known\"\nuntil = 2999-01-01\n";
    held_to(&tiny, "lower", accepted).exits(0).prints("known").prints("REGRESSED");
}

#[test]
fn a_project_may_be_a_part_of_a_repository() {
    let tiny = slower();
    for name in ["Cargo.toml", "lib.rs", "benches"] {
        std::fs::create_dir_all(tiny.0.path("part")).expect("a folder");
        tiny.git(&["mv", name, &format!("part/{name}")]);
    }
    tiny.commit_file(".gitignore", "target\ntest_reports\nCargo.lock\n/runs\n/tmp\n/pids*\n", "moved");
    let ended =
        tiny.command(&["HEAD", "--no-save"]).current_dir(tiny.0.path("part")).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_quiet_one_prints_the_verdict_alone() {
    let tiny = Tiny::new(&["steady"]);
    tiny.ab(&["first", "--quiet"]).exits(0).is_silent_about("Building").prints("Comparison PASSED");
}

/// The fixture's slow-down is 20 %, and its noise a tenth of a percent: the estimate lies on either side.
#[track_caller]
fn a_fifth_slower<'a>(ended: &'a crate::common::Ended, row: &str) -> &'a crate::common::Ended {
    let near =
        ["+19.9", "+20."].iter().any(|change| ended.stdout.contains(&format!("{row} REGRESSED: {change}")));
    assert!(near, "{row} is not slower by a fifth in:\n{}", ended.stdout);
    ended
}
