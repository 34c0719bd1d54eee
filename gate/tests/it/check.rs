//! `bench-gate check`: what it exits with, what it prints and what it writes.

use std::process::{Command, Stdio};

use crate::common;
use crate::common::{HOME, Project, metric, record, saved, sla};
use serde_json::json;

const LIMITS: [f64; 3] = [10.0, 20.0, 30.0];

/// A project with a metric in milliseconds for each of `results`, which are milliseconds too.
fn measured(results: &[(&str, f64)]) -> Project {
    let limits: String = results.iter().map(|(id, _)| metric(id, "ms", "lower", LIMITS)).collect();
    let project = Project::with_limits(&limits);
    for (id, milliseconds) in results {
        project.save(&saved(id).mean(milliseconds * 1e6));
    }
    project
}

/// A project whose `database/insert` was measured with half of the records that its limits were written for.
fn halved() -> Project {
    let limits = metric("database/insert/*", "s", "lower", [30.0, 45.0, 60.0]).trim_end().to_owned();
    let project = Project::with_limits(&(limits + "\nsize = 50_000\n"));
    project.save(&saved("database/insert/25000").mean(20e9).elements(25_000));
    project
}

#[test]
fn good_results_pass() {
    let ended = measured(&[("api/a", 5.0), ("cache/b", 15.0)]).check(&[]).exits(0);
    ended.prints("✅ Performance tests PASSED (Pass rate: 100.0%)");
    assert_eq!(ended.stderr, "");
}

#[test]
fn one_critical_metric_fails_whatever_the_pass_rate() {
    let results: Vec<(String, f64)> =
        (0..20).map(|at| (format!("api/{at}"), if at == 0 { 31.0 } else { 5.0 })).collect();
    let results: Vec<(&str, f64)> = results.iter().map(|(id, value)| (id.as_str(), *value)).collect();
    let ended = measured(&results).check(&[]).exits(1);
    ended.prints("api/0 is CRITICAL: 31 ms, wanted < 30 ms").prints("FAILED (Pass rate: 95.0%)");
}

#[test]
fn a_pass_rate_below_the_minimum_fails() {
    let ended = measured(&[("api/a", 5.0), ("api/b", 25.0)]).check(&[]).exits(1);
    ended.prints("pass rate 50.0 % is below 90 %").prints("MEDIUM: 1");
}

#[test]
fn the_minimum_pass_rate_is_the_projects_choice() {
    let project = measured(&[("api/a", 5.0), ("api/b", 25.0)]);
    let limits = project.read(common::THRESHOLDS).replacen('\n', "\nmin_pass_rate = 50.0\n", 1);
    project.write(common::THRESHOLDS, limits).check(&[]).exits(0);
}

#[test]
fn another_size_is_judged_per_element_and_said() {
    let ended = halved().check(&[]).exits(0);
    ended.prints("40 s *").prints("LOW").prints("scaled per element");
    ended.prints("database/insert/25000 from 25000 to 50000");
}

#[test]
fn categories_select_what_is_judged() {
    let project = measured(&[("api/a", 5.0), ("cache/b", 99.0)]);
    project.check(&[]).exits(1);
    project.check(&["api"]).exits(0).prints("--- API ---").is_silent_about("CACHE");
    project.check(&["api", "cache"]).exits(1).prints("cache/b is CRITICAL");
}

#[test]
fn a_category_that_could_not_run_is_a_failure() {
    let project = measured(&[("api/a", 5.0), ("cache/b", 5.0)]);
    let failure = json!({ "category": "cache", "reason": "exit code 101", "output": ["it broke"] });
    let record = record("2001-01-01T00:00:00Z", &[failure]);
    project.write("home/bench-gate.json", record);
    project.check(&[]).exits(1).prints("cache could not run: exit code 101").prints("it broke");
    project.check(&["api"]).exits(0).is_silent_about("could not run");
}

#[test]
fn quiet_says_the_verdict_and_its_reasons_alone() {
    let project = measured(&[("api/a", 5.0)]);
    let ended = project.check(&["--quiet"]).exits(0);
    assert_eq!(ended.stdout, "✅ Performance tests PASSED (Pass rate: 100.0%)\n");
    let ended = measured(&[("api/a", 31.0)]).check(&["-q"]).exits(1);
    assert_eq!(ended.stdout.lines().count(), 3, "{}", ended.stdout);
    assert_eq!(project.reports().len(), 3, "quiet is no reason to save nothing");
}

#[test]
fn no_save_writes_nothing() {
    let project = measured(&[("api/a", 5.0)]);
    let before = project.files();
    project.check(&["--no-save"]).exits(0);
    assert!(project.files() == before && !project.path("test_reports").exists());
}

#[test]
fn reports_are_written_before_a_failing_exit() {
    let project = measured(&[("api/a", 99.0)]);
    let ended = project.check(&[]).exits(1);
    let names = project.reports();
    let kinds =
        ["performance_baselines.json", "performance_benchmark_report_", "performance_detailed_results_"];
    assert!(names.len() == 3 && names.iter().zip(kinds).all(|(name, kind)| name.starts_with(kind)));
    for name in &names {
        ended.prints(&format!("test_reports/{name}"));
    }
    let report = project.report("performance_benchmark_report_");
    assert_eq!((&report["verdict"], &report["exit_code"]), (&json!("fail"), &json!(1)));
}

#[test]
fn reports_are_written_before_an_undecided_exit() {
    let project = Project::good();
    let limits = project.read(common::THRESHOLDS) + &metric("api/upload", "ms", "lower", LIMITS);
    project.write(common::THRESHOLDS, limits).check(&[]).exits(2).prints("UNDECIDED");
    assert_eq!(project.report("performance_benchmark_report_")["missing"][0]["id"], "api/upload");
}

#[test]
fn reports_of_one_second_do_not_overwrite_each_other() {
    let project = measured(&[("api/a", 5.0)]);
    (0..4).for_each(|_| drop(project.check(&[]).exits(0)));
    assert_eq!(project.reports().len(), 4 + 4 + 1, "{:?}", project.reports());
}

#[test]
fn reports_of_processes_at_one_time_do_not_overwrite_each_other() {
    let project = measured(&[("api/a", 5.0)]);
    std::thread::scope(|scope| {
        (0..6).for_each(|_| drop(scope.spawn(|| project.check(&[]).exits(0))));
    });
    assert_eq!(project.reports().len(), 6 + 6 + 1, "{:?}", project.reports());
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let escapes = |arguments: &[&str], variables: &[(&str, &str)]| {
        let project = measured(&[("api/a", 5.0), ("api/b", 99.0)]);
        let mut command = project.command(&[&["check", "--criterion-home", HOME], arguments].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    assert!(!escapes(&[], &[]), "not on a terminal");
    assert!(!escapes(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!escapes(&[], &[("NO_COLOR", "1")]));
    assert!(escapes(&["--color", "always"], &[]) && escapes(&["--color=always"], &[("NO_COLOR", "1")]));
}

#[test]
fn errors_are_painted_only_on_request() {
    let escapes = |arguments: &[&str]| Project::empty().gate(arguments).exits(2).stderr.contains('\x1b');
    assert!(!escapes(&["check"]) && !escapes(&["check", "--color", "never"]));
    assert!(escapes(&["check", "--color", "always"]));
}

/// Runs `check` with `arguments` and with what reads its streams gone before it writes.
fn check_into_closed_pipes(project: &Project, arguments: &str) -> Option<i32> {
    let program = env!("CARGO_BIN_EXE_bench-gate");
    let line = format!(
        "{{ {{ sleep 0.2; {program} check --criterion-home {HOME} {arguments}; echo $? >code; }} 2>&3 | true; }} 3>&1 | true"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(project.path("")).env_remove("CRITERION_HOME");
    shell.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("a shell");
    project.read("code").trim().parse().ok()
}

#[test]
fn a_reader_that_has_gone_changes_no_exit_code() {
    assert_eq!(check_into_closed_pipes(&measured(&[("api/a", 5.0)]), ""), Some(0));
    assert_eq!(check_into_closed_pipes(&measured(&[("api/a", 99.0)]), ""), Some(1));
    assert_eq!(check_into_closed_pipes(&measured(&[("api/a", 5.0)]), "nothing"), Some(2));
}

#[test]
fn the_home_is_found_as_criterion_finds_it() {
    let project = measured(&[("api/a", 5.0)]);
    let with = |name: &str, value: &str| {
        Into::<common::Ended>::into(project.command(&["check"]).env(name, value).output().unwrap())
    };
    with("CRITERION_HOME", HOME).exits(0);
    std::fs::create_dir(project.path("target")).unwrap();
    std::fs::rename(project.path(HOME), project.path("target/criterion")).unwrap();
    with("CARGO_TARGET_DIR", "target").exits(0);
    project.gate(&["check"]).exits(0);
}

#[test]
fn ids_come_from_the_files_and_never_from_the_folders() {
    let long = format!("api/{}", "long".repeat(20));
    let ids = [("api/new", "api/new"), ("api/what?:*", "api/what___"), (&long, &long[..68])];
    let limits: String = ids
        .iter()
        .filter(|(id, _)| !id.contains('*'))
        .map(|(id, _)| metric(id, "ms", "lower", LIMITS))
        .collect();
    let project = Project::with_limits(&limits);
    for (id, directory) in ids {
        project.save(&saved(id).in_directory(directory));
    }
    let ended = project.check(&[]).exits(0);
    ended.prints("  api/new ").prints("  api/what?:* ").prints(&format!("  {long}\n"));
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = Project::empty().gate(&["--help"]).exits(0);
    help.prints("bench-gate run --quick").prints("could not judge");
    Project::empty().gate(&["check", "--help"]).exits(0).prints("--criterion-home");
    Project::empty().gate(&["--version"]).exits(0).prints(env!("CARGO_PKG_VERSION"));
}

/// Metrics that are well kept, and promises about the same results.
fn promising(promises: &[(&str, &str)], results: &[(&str, f64)]) -> Project {
    let metrics = metric("a/b", "ms", "lower", [100.0, 200.0, 300.0]);
    let promises: String = promises.iter().map(|(id, requires)| sla(id, requires)).collect();
    let project = Project::with_limits(&(metrics + &promises));
    for (id, milliseconds) in results {
        project.save(&saved(id).mean(milliseconds * 1e6));
    }
    project
}

#[test]
fn a_broken_promise_fails_although_every_metric_passes() {
    let kept = promising(&[("a/b", "< 50 ms")], &[("a/b", 40.0)]).check(&["--no-save"]).exits(0);
    assert!(
        kept.stdout.contains("KEPT") && kept.stdout.contains("Service Level: 1 kept, 0 broken"),
        "{kept:?}"
    );
    let broken = promising(&[("a/b", "< 50 ms")], &[("a/b", 60.0)]).check(&["--no-save"]).exits(1);
    assert!(
        broken.stdout.contains("service level BROKEN: The a/b (a/b): 60 ms, promised < 50 ms"),
        "{broken:?}"
    );
    assert!(broken.stdout.contains("Pass Rate: 100.0%"), "a promise is not graded: {broken:?}");
}

#[test]
fn the_limit_itself_keeps_a_promise_that_includes_it() {
    for (requires, code) in [("<= 50 ms", 0), ("< 50 ms", 1), (">= 50 ms", 0), ("> 50 ms", 1)] {
        let _ = promising(&[("a/b", requires)], &[("a/b", 50.0)]).check(&["--no-save"]).exits(code);
    }
}

#[test]
fn every_benchmark_of_a_pattern_has_to_keep_its_promise() {
    let results = [("a/b", 40.0), ("a/c", 60.0)];
    let ended = promising(&[("a/*", "< 50 ms")], &results).check(&["--no-save"]).exits(1);
    assert!(ended.stdout.contains("Service Level: 1 kept, 1 broken"), "{ended:?}");
    assert!(ended.stdout.contains("BROKEN: The a/* (a/c): 60 ms"), "{ended:?}");
}

#[test]
fn a_promise_that_no_result_answers_is_undecided() {
    let ended = promising(&[("a/z", "< 50 ms")], &[("a/b", 40.0)]).check(&["--no-save"]).exits(2);
    assert!(ended.stdout.contains("no fresh result for `a/z` (The a/z)"), "{ended:?}");
    assert!(ended.stdout.contains("Service Level: 0 kept, 0 broken, 1 not run"), "{ended:?}");
}

#[test]
fn a_project_may_have_promises_alone() {
    let project = Project::with_limits(&sla("a/b", "< 50 ms"));
    project.save(&saved("a/b").mean(40e6));
    let ended = project.check(&[]).exits(0);
    assert!(ended.stdout.contains("PASSED (1 promises kept, 0 broken)"), "{ended:?}");
}
