//! Projects that were once judged wrongly or not at all, each under the name of what went wrong, with their siblings.

use std::path::Path;

use crate::common::{Ended, Project, THRESHOLDS, metric};

const SAVE: &str = include_str!("../cases/save.rs");

/// The project of `tests/cases/<name>`, in a folder of its own.
fn case(name: &str) -> Project {
    let project = Project::empty();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name), &project.path(""));
    project.write("save.rs", SAVE);
    project
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the case") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { std::fs::copy(&from, &to).map(|_| ()).expect("a copy") }
    }
}

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

const QUIET: [&str; 3] = ["run", "-q", "--no-save"];

const LATEST: [&str; 5] = ["check", "-q", "--no-save", "--criterion-home", "target/bench-gate/latest"];

#[test]
fn two_targets_with_one_id_are_refused() {
    let project = case("05-one-target-overwrites-anothers-result");
    for arguments in [&QUIET[..], &LATEST[..]] {
        let ended = project.gate(arguments).exits(2);
        for said in ["two benchmarks with one id `parse/x`", "p05/slow/", "p05/zfast/"] {
            assert!(ended.stderr.contains(said), "no {said:?} in {}", ended.stderr);
        }
    }
}

#[test]
fn two_packages_with_one_target_name_are_told_apart() {
    let project = limited(&["one/x", "two/x"]);
    project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n");
    package(&project, "one", "one", &[("speed", "one/x")], "");
    // A target that is called like a package.
    package(&project, "two", "two", &[("speed", "two/x"), ("one", "two/y")], "");
    project.gate(&QUIET).exits(0).prints("Measured 3 of 3 bench targets.");
    project.gate(&LATEST).exits(0).prints("Measured 3 of 3 bench targets.");
    project.write("two/benches/speed.rs", "fn main() { panic!() }");
    project
        .gate(&QUIET)
        .exits(1)
        .prints("two/speed could not run")
        .is_silent_about("one/speed could not run");
    project.gate(&[&QUIET[..], &["one/speed"]].concat()).exits(0).prints("Measured 1 of 1 bench targets.");
}

#[test]
fn a_target_that_saves_nothing_fails_whatever_ran_before_it() {
    let project = case("06-a-target-that-saves-nothing-passes");
    for arguments in [&QUIET[..], &LATEST[..]] {
        let ended = project.gate(arguments).exits(1);
        ended.prints("category b_empty could not run: it saved no Criterion result");
        ended.prints("Measured 1 of 2 bench targets, 1 could not run");
    }
}

#[test]
fn a_workspace_with_a_root_package_runs_as_cargo_bench_does() {
    let project = case("07-workspace-with-a-root-package");
    project.gate(&QUIET).exits(0).prints("Measured 1 of 1 bench targets.");
    project.gate(&[&QUIET[..], &["--workspace"]].concat()).exits(0).prints("Measured 2 of 2 bench targets.");
    let excluded = project.gate(&[&QUIET[..], &["--workspace", "--exclude", "m07"]].concat()).exits(0);
    excluded.prints("Measured 1 of 1 bench targets.");
    let limits = ["--thresholds", "../baselines/thresholds.toml"];
    let member = gate_in(&project, "member", &[&QUIET[..], &limits].concat()).exits(2);
    member.prints("Measured 1 of 1 bench targets.").prints("no fresh result for `root/x`");
    assert!(project.path("target/bench-gate/latest/targets/m07/inner/inner/x/new").is_dir());
    let refused = project.gate(&[&QUIET[..], &["-p", "nosuch"]].concat()).exits(2);
    assert!(refused.stderr.contains("--workspace selects all"), "{}", refused.stderr);
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
    project.gate(&QUIET).exits(0).prints("Measured 1 of 1 bench targets.");
    gate_in(&project, "a nested one", &QUIET).exits(0).prints("Measured 1 of 1 bench targets.");
    let by_path = [
        "--manifest-path",
        "a nested one/Cargo.toml",
        "--thresholds",
        "a nested one/baselines/thresholds.toml",
    ];
    project.gate(&[&QUIET[..], &by_path].concat()).exits(0);
}

#[test]
fn a_bench_runs_with_the_environment_of_cargo() {
    case("09-run-without-cargos-environment").gate(&QUIET).exits(0).prints("Measured 2 of 2 bench targets.");
}

#[test]
fn a_configured_runner_starts_the_benches() {
    let script = "#!/bin/sh\nRUNNER=\"$1\"; export RUNNER; shift; exec \"$@\"\n";
    let project = limited(&["g/x"]);
    package(&project, "a b/here", "here", &[("g", "g/x")], "[workspace]\n");
    let bench = project.read("a b/here/benches/g.rs");
    let check = "fn main() { assert_eq!(std::env::var(\"RUNNER\").as_deref(), Ok(\"by config\"));";
    project
        .write("a b/here/benches/g.rs", bench.replace("fn main() {", check))
        .write("a b/runner.sh", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(project.path("a b/runner.sh"), mode).expect("a program");
    // Of the folder above, as cargo looks there too.
    project.write("a b/.cargo/config.toml", "[target.'cfg(unix)']\nrunner = ['./runner.sh', 'by config']\n");
    let limits = ["--thresholds", "../../baselines/thresholds.toml"];
    gate_in(&project, "a b/here", &[&QUIET[..], &limits].concat()).exits(0);
}

#[test]
fn a_process_that_a_bench_leaves_behind_is_ended_and_named() {
    let ended = case("11-run-waits-for-a-process-that-a-bench-left").gate(&QUIET).exits(0);
    ended.prints("the bench leaves left processes behind, which were ended: sleep (");
}

#[test]
fn a_process_that_leaves_its_group_is_not_waited_for() {
    let project = limited(&["g/x"]);
    package(&project, ".", "here", &[("g", "g/x")], "[workspace]\n");
    let bench = project.read("benches/g.rs");
    let leave =
        "fn main() { std::process::Command::new(\"setsid\").args([\"sleep\", \"30\"]).spawn().unwrap();";
    project.write("benches/g.rs", bench.replace("fn main() {", leave));
    project.gate(&QUIET).exits(0);
}

#[test]
fn what_is_no_criterion_bench_is_named_and_left_out() {
    let project = limited(&["good/x"]);
    let features = "[features]\nextra = []\n[[bench]]\nname = \"needs\"\nharness = false\nrequired-features = [\"extra\"]\n\
                    [workspace]\n";
    package(&project, ".", "mixed", &[("good", "good/x"), ("broken", "b"), ("divided", "d")], features);
    project.write("benches/broken.rs", "fn main() { nonsense }");
    project.write("benches/divided.rs", "mod divan { pub fn main() {} }\nfn main() { divan::main(); }");
    project.write("benches/needs.rs", "fn main() {}").write("benches/tested.rs", "");
    let ended = project.gate(&QUIET).exits(0);
    ended.prints("Measured 1 of 5 bench targets, left out 4: ").prints("broken (it does not build)");
    ended.prints("divided (it is a bench of divan").prints("tested (it is a bench of libtest");
    ended.prints("needs (it needs --features extra)");
    project.gate(&LATEST).exits(0).prints("left out 4: ");
    let all = project.gate(&[&QUIET[..], &["--require-all"]].concat()).exits(1);
    all.prints("needs could not run: it needs --features extra (--require-all)");
    project
        .gate(&[&QUIET[..], &["--features", "extra", "needs"]].concat())
        .exits(1)
        .prints("needs could not run");
}

#[test]
fn benches_are_told_what_stands_behind_two_dashes() {
    let project = limited(&["g/x"]);
    package(&project, ".", "here", &[("g", "g/x")], "[workspace]\n");
    let bench = project.read("benches/g.rs");
    let check = "fn main() { assert_eq!(std::env::args().skip(1).collect::<Vec<_>>(), [\"--bench\", \"--quick\", \"x\"]);";
    project.write("benches/g.rs", bench.replace("fn main() {", check));
    project.gate(&[&QUIET[..], &["--", "--quick", "x"]].concat()).exits(0);
    project.gate(&QUIET).exits(1);
}

#[test]
fn a_bench_that_hangs_is_ended_when_its_time_is_up() {
    let project = limited(&["g/x"]);
    package(&project, ".", "here", &[("g", "g/x")], "[workspace]\n");
    project.write("benches/g.rs", "fn main() { loop { std::thread::park(); } }");
    project.gate(&[&QUIET[..], &["--timeout", "1s"]].concat()).exits(1).prints("it hangs");
}

#[test]
fn a_filter_means_the_same_to_run_and_check() {
    let project = limited(&["a/x", "a/y", "b/x"]);
    package(&project, ".", "here", &[("a", "a/x"), ("b", "b/x")], "[workspace]\n");
    // As Criterion does, but for the kinds of filter that there are.
    let main = project
        .read("benches/b.rs")
        .replace("fn main() {", "fn main() { if std::env::args().len() > 2 { return; }");
    project.write("benches/b.rs", main);
    project.gate(&QUIET).exits(2).prints("no fresh result for `a/y`");
    let part = ["--filter", "a/x"];
    let ended = project.gate(&[&QUIET[..], &part].concat()).exits(0);
    ended.prints("Measured 1 of 2 bench targets, left out 1: b (it saved no Criterion result of --filter)");
    project.gate(&[&LATEST[..], &part].concat()).exits(0);
    project.gate(&[&LATEST[..], &["--filter", "*/y"]].concat()).exits(2);
    assert!(
        project.gate(&[&QUIET[..], &["--filter", "a//x"]].concat()).exits(2).stderr.contains("first parts")
    );
}
