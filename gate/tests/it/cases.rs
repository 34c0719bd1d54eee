//! Projects that were once judged wrongly or not at all, each under the name of what went wrong, with their siblings.

use std::path::Path;

use crate::common::{Ended, Project, THRESHOLDS, metric};

const SAVE: &str = include_str!("../cases/save.rs");

/// A package in `folder` whose bench targets save the benchmark that stands beside each, below its limit.
fn package(project: &Project, folder: &str, name: &str, benches: &[(&str, &str)], more: &str) {
    let target = |(bench, _): &(&str, &str)| format!("[[bench]]\nname = \"{bench}\"\nharness = false\n");
    let targets: String = benches.iter().map(target).collect();
    let at = |inner: &str| Path::new(folder).join(inner);
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{targets}{more}");
    project.write(at("Cargo.toml"), manifest).write(at("src/lib.rs"), "").write(at("save.rs"), SAVE);
    for (bench, id) in benches {
        let main =
            format!("#[path = \"../save.rs\"]\nmod save;\nfn main() {{ save::bench({id:?}, 100.0); }}\n");
        project.write(at(&format!("benches/{bench}.rs")), main);
    }
}

/// A project with limits for the benchmarks `ids`.
fn limited(ids: &[&str]) -> Project {
    let limits: String = ids.iter().map(|id| metric(id, "us", "lower", [1.0, 2.0, 3.0])).collect();
    Project::with_limits(&limits)
}

fn gate_in(project: &Project, folder: &str, arguments: &[&str]) -> Ended {
    project.command(arguments).current_dir(project.path(folder)).output().expect("the program runs").into()
}

/// [`package`] that is a project with the bench `g`, which does `first` before it saves.
fn doing_first(folder: &str, first: &str) -> Project {
    let project = limited(&["g/x"]);
    package(&project, folder, "here", &[("g", "g/x")], "[workspace]\n");
    do_first(&project, &format!("{folder}/benches/g.rs"), first);
    project
}

fn do_first(project: &Project, bench: &str, first: &str) {
    project.write(bench, project.read(bench).replace("fn main() {", &format!("fn main() {{ {first}")));
}

const QUIET: [&str; 3] = ["run", "-q", "--no-save"];

const LATEST: [&str; 5] = ["check", "-q", "--no-save", "--criterion-home", "target/bench-gate/latest"];

fn run(project: &Project, more: &[&str]) -> Ended {
    project.gate(&[&QUIET[..], more].concat())
}

fn check_latest(project: &Project, more: &[&str]) -> Ended {
    project.gate(&[&LATEST[..], more].concat())
}

#[test]
fn two_targets_with_one_id_are_refused() {
    let project = Project::case("05-one-target-overwrites-anothers-result");
    for arguments in [&QUIET[..], &LATEST[..]] {
        let ended = project.gate(arguments).exits(2);
        for said in ["two benchmarks with one id `parse/x`", "p05/slow/", "p05/zfast/"] {
            assert!(ended.stderr.contains(said), "no {said:?} in {}", ended.stderr);
        }
    }
}

/// Two packages with a bench target `speed`, and a target that is called like a package.
fn two_packages() -> Project {
    let project = limited(&["one/x", "two/x"]);
    project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n");
    package(&project, "one", "one", &[("speed", "one/x")], "");
    package(&project, "two", "two", &[("speed", "two/x"), ("one", "two/y")], "");
    project
}

#[test]
fn two_packages_with_one_target_name_are_told_apart() {
    let project = two_packages();
    run(&project, &[]).exits(0).prints("Measured 3 of 3 bench targets.");
    check_latest(&project, &[]).exits(0).prints("Measured 3 of 3 bench targets.");
    project.write("two/benches/speed.rs", "fn main() { panic!() }");
    let ended = run(&project, &[]).exits(1);
    ended.prints("two/speed could not run").is_silent_about("one/speed could not run");
    run(&project, &["one/speed"]).exits(0).prints("Measured 1 of 1 bench targets.");
}

#[test]
fn a_target_that_saves_nothing_fails_whatever_ran_before_it() {
    let project = Project::case("06-a-target-that-saves-nothing-passes");
    for arguments in [&QUIET[..], &LATEST[..]] {
        let ended = project.gate(arguments).exits(1);
        ended.prints("category b_empty could not run: it saved no Criterion result");
        ended.prints("Measured 1 of 2 bench targets, 1 could not run");
    }
}

#[test]
fn a_workspace_with_a_root_package_runs_as_cargo_bench_does() {
    let project = Project::case("07-workspace-with-a-root-package");
    run(&project, &[]).exits(0).prints("Measured 1 of 1 bench targets.");
    run(&project, &["--workspace"]).exits(0).prints("Measured 2 of 2 bench targets.");
    let excluded = run(&project, &["--workspace", "--exclude", "m07"]).exits(0);
    excluded.prints("Measured 1 of 1 bench targets.");
    let refused = run(&project, &["-p", "nosuch"]).exits(2);
    assert!(refused.stderr.contains("--workspace selects all"), "{}", refused.stderr);
}

#[test]
fn a_run_in_a_member_of_a_workspace_is_of_its_package() {
    let project = Project::case("07-workspace-with-a-root-package");
    let limits = ["--thresholds", "../baselines/thresholds.toml"];
    let member = gate_in(&project, "member", &[&QUIET[..], &limits].concat()).exits(2);
    member.prints("Measured 1 of 1 bench targets.").prints("no fresh result for `root/x`");
    assert!(project.path("target/bench-gate/latest/targets/m07/inner/inner/x/new").is_dir());
}

#[test]
fn a_package_outside_of_the_workspace_runs_by_itself() {
    let project = limited(&["outer/x"]);
    package(&project, ".", "outer", &[("outer", "outer/x")], "[workspace]\nexclude = [\"a nested one\"]\n");
    package(&project, "a nested one", "nested", &[("nested", "nested/x")], "");
    project.write(
        "a nested one/baselines/thresholds.toml",
        project.read(THRESHOLDS).replace("outer/x", "nested/x"),
    );
    run(&project, &[]).exits(0).prints("Measured 1 of 1 bench targets.");
    gate_in(&project, "a nested one", &QUIET).exits(0).prints("Measured 1 of 1 bench targets.");
    let by_path = [
        "--manifest-path",
        "a nested one/Cargo.toml",
        "--thresholds",
        "a nested one/baselines/thresholds.toml",
    ];
    run(&project, &by_path).exits(0);
}

#[test]
fn a_bench_runs_with_the_environment_of_cargo() {
    Project::case("09-run-without-cargos-environment")
        .gate(&QUIET)
        .exits(0)
        .prints("Measured 2 of 2 bench targets.");
}

/// The runner is that of the folder above, where cargo looks too.
#[test]
fn a_configured_runner_starts_the_benches() {
    let check = "assert_eq!(std::env::var(\"RUNNER\").as_deref(), Ok(\"by config\"));";
    let project = doing_first("a b/here", check);
    let config = "[target.'cfg(unix)']\nrunner = ['./runner.sh', 'by config']\n";
    project.write("a b/.cargo/config.toml", config);
    let script = "#!/bin/sh\nRUNNER=\"$1\"; export RUNNER; shift; exec \"$@\"\n";
    project.write_program("a b/runner.sh", script);
    let limits = ["--thresholds", "../../baselines/thresholds.toml"];
    gate_in(&project, "a b/here", &[&QUIET[..], &limits].concat()).exits(0);
}

#[test]
fn a_process_that_a_bench_leaves_behind_is_ended_and_named() {
    let ended = Project::case("11-run-waits-for-a-process-that-a-bench-left").gate(&QUIET).exits(0);
    ended.prints("the bench leaves left processes behind, which were ended: sleep (");
}

#[test]
fn a_process_that_leaves_its_group_is_not_waited_for() {
    let leave = "std::process::Command::new(\"setsid\").args([\"sleep\", \"30\"]).spawn().unwrap();";
    run(&doing_first(".", leave), &[]).exits(0);
}

/// A bench that Criterion saves for, and one of each kind that it does not.
fn mixed() -> Project {
    let project = limited(&["good/x"]);
    let needs = "[features]\nextra = []\n[[bench]]\nname = \"needs\"\nharness = false\nrequired-features = [\"extra\"]\n\
                 [workspace]\n";
    package(&project, ".", "mixed", &[("good", "good/x"), ("broken", "b"), ("divided", "d")], needs);
    project.write("benches/broken.rs", "fn main() { nonsense }");
    project.write("benches/divided.rs", "mod divan { pub fn main() {} }\nfn main() { divan::main(); }");
    project.write("benches/needs.rs", "fn main() {}").write("benches/tested.rs", "");
    project
}

#[test]
fn what_is_no_criterion_bench_is_named_and_left_out() {
    let project = mixed();
    let ended = run(&project, &[]).exits(0);
    ended.prints("Measured 1 of 5 bench targets, left out 4: ").prints("broken (it does not build)");
    ended.prints("divided (it is a bench of divan").prints("tested (it is a bench of libtest");
    ended.prints("needs (it needs --features extra)");
    check_latest(&project, &[]).exits(0).prints("left out 4: ");
    let all = run(&project, &["--require-all"]).exits(1);
    all.prints("needs could not run: it needs --features extra (--require-all)");
}

#[test]
fn a_bench_with_its_features_that_saves_nothing_could_not_run() {
    run(&mixed(), &["--features", "extra", "needs"]).exits(1).prints("needs could not run");
}

#[test]
fn benches_are_told_what_stands_behind_two_dashes() {
    let arguments = "std::env::args().skip(1).collect::<Vec<_>>()";
    let project = doing_first(".", &format!("assert_eq!({arguments}, [\"--bench\", \"--quick\", \"x\"]);"));
    run(&project, &["--", "--quick", "x"]).exits(0);
    run(&project, &[]).exits(1);
}

#[test]
fn a_bench_that_hangs_is_ended_when_its_time_is_up() {
    let project = limited(&["g/x"]);
    package(&project, ".", "here", &[("g", "g/x")], "[workspace]\n");
    project.write("benches/g.rs", "fn main() { loop { std::thread::park(); } }");
    run(&project, &["--timeout", "1s"]).exits(1).prints("it hangs");
}

#[test]
fn a_filter_means_the_same_to_run_and_check() {
    let project = limited(&["a/x", "a/y", "b/x"]);
    package(&project, ".", "here", &[("a", "a/x"), ("b", "b/x")], "[workspace]\n");
    // As Criterion does, but for the kinds of filter that there are.
    do_first(&project, "benches/b.rs", "if std::env::args().len() > 2 { return; }");
    run(&project, &[]).exits(2).prints("no fresh result for `a/y`");
    let ended = run(&project, &["--filter", "a/x"]).exits(0);
    ended.prints("Measured 1 of 2 bench targets, left out 1: b (it saved no Criterion result of --filter)");
    check_latest(&project, &["--filter", "a/x"]).exits(0);
    check_latest(&project, &["--filter", "*/y"]).exits(2);
}

#[test]
fn a_filter_with_an_empty_part_is_refused() {
    let ended = run(&doing_first(".", ""), &["--filter", "a//x"]).exits(2);
    assert!(ended.stderr.contains("first parts"), "{}", ended.stderr);
}
