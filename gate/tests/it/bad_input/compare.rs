//! Homes that cannot be compared.

use std::fs;

use crate::common::runs::{home, result};
use crate::common::{Project, engine, facts, record, saved};

pub const RUNS: u32 = 8;
pub const SIDES: [u32; 2] = [RUNS, RUNS];
const OWN_HOME: &str = "give each run a process and a home of its own";
pub const ONE_ENVIRONMENT: &str =
    "measure both sides in one environment, or give --allow-different-environment";

/// Homes that compare well.
pub fn good() -> Project {
    let project = Project::empty();
    project.save_runs(RUNS, &[("api/a", 1.0), ("cache/b", 1.0)]);
    project
}

/// Every home of `project` with a record whose environment is changed by `change` in the head's homes.
pub fn with_records(project: &Project, change: impl Fn(&mut serde_json::Value)) {
    for (side, run) in ["base", "head"].iter().flat_map(|side| (0..RUNS).map(move |run| (side, run))) {
        let mut record: serde_json::Value =
            serde_json::from_str(&record(&format!("2001-01-01T00:0{run}:00Z"), &[])).unwrap();
        record["started"] = format!("2001-01-01T0{}:00:0{run}Z", u8::from(*side == "head")).into();
        if *side == "head" {
            change(&mut record["environment"]);
        }
        project.write(format!("{}/bench-gate.json", home(side, run)), record.to_string());
    }
}

fn copy(project: &Project, from: &str, to: &str) {
    let source = project.path(from);
    for (path, contents) in project.files() {
        if let Ok(inner) = path.strip_prefix(&source) {
            project.write(project.path(to).join(inner), contents);
        }
    }
}

#[test]
fn the_homes_that_these_tests_break_are_good() {
    let project = good();
    project.compare(RUNS, &["--paired"]).exits(0);
    with_records(&project, |_| ());
    project.compare(RUNS, &[]).exits(0).is_silent_about("unknown");
}

#[test]
fn one_home_given_twice() {
    let project = good();
    let twice = ["--base", "base0"];
    project.compare_refuses(
        SIDES,
        &twice,
        &["base0 and base0 are one run, counted twice", "both are "],
        OWN_HOME,
    );
    let detour = ["--base", "head1/../base0"];
    project.compare_refuses(SIDES, &detour, &["base0 and head1/../base0 are one run"], OWN_HOME);
}

#[test]
fn one_home_on_both_sides() {
    good().compare_refuses(SIDES, &["--head", "base3"], &["base3 and base3 are one run"], OWN_HOME);
}

#[test]
fn one_home_by_a_link() {
    let project = good();
    std::os::unix::fs::symlink(project.path("base0"), project.path("linked")).unwrap();
    let arguments = Project::compare_arguments(RUNS, RUNS, &["--head", "linked"]);
    let ended = project.gate(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    ended.refuses(&["base0 and linked are one run"], OWN_HOME);
}

#[test]
fn a_copy_of_a_home() {
    let project = good();
    copy(&project, "base2", "head9");
    let said = ["base2 and head9 are one run", "every sample of `api/a` is the same in both"];
    project.compare_refuses(SIDES, &["--head", "head9"], &said, OWN_HOME);
}

#[test]
fn a_copy_of_a_home_with_its_record() {
    let project = good();
    with_records(&project, |_| ());
    copy(&project, "base2", "head9");
    let said = ["base2 and head9 are one run", "both began at 2001-01-01T00:00:02Z"];
    project.compare_refuses(SIDES, &["--head", "head9"], &said, OWN_HOME);
}

#[test]
fn unequal_pairs() {
    let said = ["--paired: 8 base runs and 7 head runs"];
    good().compare_refuses([8, 7], &["--paired"], &said, "give as many --head as --base");
}

#[test]
fn fewer_runs_than_can_decide() {
    let said = ["cannot be compared", "3 pairs can never decide"];
    good().compare_refuses([3, 3], &["--paired"], &said, "measure more runs on both sides");
}

#[test]
fn no_home_and_an_empty_one() {
    let project = good();
    let said = ["nowhere: no Criterion results here: the folder does not exist"];
    project.compare_refuses(SIDES, &["--head", "nowhere"], &said, "run `cargo bench`");
    fs::create_dir(project.path("empty")).unwrap();
    project.compare_refuses(
        SIDES,
        &["--base", "empty"],
        &["empty: no Criterion results here"],
        "run `cargo bench`",
    );
    let said = ["base0: no Criterion results here: the folder holds no `old/"];
    project.compare_refuses(SIDES, &["--base-name", "old"], &said, "run `cargo bench`");
}

#[test]
fn a_truncated_file() {
    let project = good();
    let file = "head3/api/a/new/sample.json";
    let whole = project.read(file);
    project.write(file, &whole[..whole.len() / 2]);
    project.compare_refuses(
        SIDES,
        &[],
        &["head3/api/a/new/sample.json: truncated JSON"],
        "delete the benchmark's",
    );
}

#[test]
fn zero_negative_and_nan_values() {
    for value in ["0.0", "-1.0", "null"] {
        let project = good();
        let samples =
            format!(r#"{{ "sampling_mode": "Flat", "iters": [1.0, 1.0], "times": [5.0, {value}] }}"#);
        project.write("base1/api/a/new/sample.json", samples);
        project.compare_refuses(
            SIDES,
            &[],
            &["base1/api/a/new/sample.json: "],
            "delete the benchmark's folder",
        );
    }
}

#[test]
fn a_benchmark_that_some_runs_have_and_others_have_not() {
    let project = good();
    fs::remove_dir_all(project.path("head5/cache")).unwrap();
    let said = ["`cache/b` is not in every run of the head: head0 has it, head5 has not"];
    project.compare_refuses(SIDES, &[], &said, "measure the same benchmarks in every run");
}

#[test]
fn different_sizes_under_one_id() {
    let project = good();
    project.save_in("head2", &result("api/a", "head", 2, 1.0).elements(500));
    let said = ["different sizes of `api/a`: base0 measured no declared size", "head2 500 elements"];
    let remedy = "measure both sides with one size";
    project.compare_refuses(SIDES, &[], &said, remedy);
    project.compare_refuses(SIDES, &["--allow-different-environment"], &said, remedy);
}

#[test]
fn different_environments() {
    for (field, value, what) in [
        (
            "cpu_model",
            "another",
            "different processor: base0 was measured with a processor, head0 with another",
        ),
        ("rustc", "rustc 1.95.0", "different toolchain: "),
        ("mode", "full", "different mode: base0 was measured with quick, head0 with full"),
    ] {
        let project = good();
        with_records(&project, |environment| environment[field] = value.into());
        project.compare_refuses(SIDES, &[], &[what], ONE_ENVIRONMENT);
        let ended = project.compare(RUNS, &["--allow-different-environment"]).exits(0);
        ended.prints("! measured in different environments").prints("! UNCHANGED");
        let comparison = project.compared(RUNS, &["--allow-different-environment"], 0);
        assert_eq!(comparison["rows"][0]["different_environment"], true);
    }
}

#[test]
fn different_engines() {
    let project = good();
    for (home, version) in [("base0", "15.3"), ("head0", "17.1")] {
        let noted = facts(&[engine("postgres", version)], &[]);
        project.write(format!("{home}/bench-gate-facts/database.json"), noted);
    }
    let said = ["different engine: base0 was measured with postgres 15, head0 with postgres 17"];
    project.compare_refuses(SIDES, &[], &said, ONE_ENVIRONMENT);
}

#[test]
fn environments_that_nobody_noted_are_said_and_not_refused() {
    let ended = good().compare(RUNS, &[]).exits(0);
    ended.prints("environment of base and head unknown");
}

#[test]
fn a_run_in_which_a_category_failed() {
    let project = good();
    let failure = serde_json::json!({ "category": "cache", "reason": "exit code 101", "output": [] });
    project.write("head1/bench-gate.json", record("2001-01-01T00:00:00Z", &[failure]));
    let said = ["head1: not a whole run: category cache could not run: exit code 101"];
    project.compare_refuses(SIDES, &[], &said, "repair the benchmark and measure again");
}

#[test]
fn results_older_than_their_own_run() {
    let project = good();
    project.write("base4/bench-gate.json", record("2999-01-01T00:00:00Z", &[]));
    project.compare_refuses(SIDES, &[], &["base4/api/a/new: stale result"], "use a fresh --criterion-home");
}

#[test]
fn no_homes_and_values_that_are_none() {
    let project = good();
    for arguments in [
        &["compare"][..],
        &["compare", "--base", "base0"],
        &["compare", "--base", "base0", "--head", "head0", "--margin", "2"],
        &["compare", "--base", "base0", "--head", "head0", "--alpha", "0"],
        &["compare", "--base", "base0", "--head", "head0", "--base-name", "a/b"],
        &["check", "--strict"],
    ] {
        let ended = project.gate(arguments).exits(2);
        assert!(
            ended.stdout.is_empty() && ended.stderr.contains("error:"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn values_that_do_not_vary_are_no_sign_of_one_run() {
    let project = Project::empty();
    for (side, run) in ["base", "head"].iter().flat_map(|side| (0..RUNS).map(move |run| (side, run))) {
        project.save_in(&home(side, run), &saved("api/users").mean(200.0));
    }
    project.compare(RUNS, &[]).exits(0).prints("UNCHANGED");
}
