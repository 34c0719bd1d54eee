//! `scripts/gate.sh`: what it has measured, and how it joins two exit codes. What it calls is faked here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Notes what it was called with, and ends with the code that the test wants.
const FAKE: &str = "#!/usr/bin/env bash\necho \"NAME $*\" >>calls\necho 'PERFORMANCE TEST SUMMARY of NAME'\n\
                    echo 'Comparing, says NAME'\nexit \"${NAME_ENDS:-0}\"\n";

/// A project with the script, in a git repository with the tag `before`.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().expect("a temporary folder"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gate.sh");
        for (name, text) in [
            ("scripts/gate.sh", fs::read_to_string(script).expect("the script")),
            ("scripts/bench.sh", FAKE.replace("NAME", "bench")),
            ("target/release/bench-gate", FAKE.replace("NAME", "ab")),
            ("benches/cache.rs", String::new()),
        ] {
            project.program(name, &text);
        }
        let git = "git init -q . && git add -A && git -c user.name=N -c user.email=n@example.org commit -qm first && \
                   git tag before";
        let made = Command::new("bash").args(["-c", git]).current_dir(project.0.path()).status();
        assert!(made.expect("git").success());
        project
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    fn gate(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(self.0.path().join("scripts/gate.sh"));
        command.args(arguments).env_remove("CARGO_TARGET_DIR").env_remove("BENCH_MODE");
        command.env("GITHUB_STEP_SUMMARY", self.0.path().join("summary"));
        command.envs(environment.iter().copied()).output().expect("the script runs")
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.0.path().join("calls")).unwrap_or_default()
    }
}

#[test]
fn without_a_base_the_limits_alone_are_judged() {
    let project = Project::new();
    let code = project.gate(&["--require", "postgres"], &[("bench_ENDS", "1")]).status.code();
    assert_eq!((code, project.calls().as_str()), (Some(1), "bench --quick --require postgres\n"));
    project.gate(&["cache"], &[("BENCH_MODE", "full")]);
    assert!(project.calls().ends_with("bench cache\n"), "{}", project.calls());
}

#[test]
fn with_a_base_the_change_is_judged_too() {
    let project = Project::new();
    let ended = project.gate(&["before", "--budget", "5m"], &[]);
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(project.calls(), "bench --quick\nab ab before --budget 5m\n");
    let summary = fs::read_to_string(project.0.path().join("summary")).expect("a summary");
    assert!(summary.contains("SUMMARY of bench") && summary.contains("Comparing, says ab"), "{summary}");
}

#[test]
fn the_worse_of_two_codes_is_the_answer() {
    for (limits, compared, code) in [
        ("0", "1", 1),
        ("1", "0", 1),
        ("2", "1", 1),
        ("2", "3", 2),
        ("0", "3", 3),
        ("0", "130", 130),
        ("127", "0", 127),
    ] {
        let project = Project::new();
        let ended = project.gate(&["before"], &[("bench_ENDS", limits), ("ab_ENDS", compared)]);
        assert_eq!(ended.status.code(), Some(code), "{limits} and {compared}");
    }
}

#[test]
fn a_base_that_does_not_exist_and_a_mode_that_is_none_are_refused() {
    let project = Project::new();
    for (arguments, environment, said) in [
        (&["befor"][..], &[][..], "befor is neither a revision nor a bench target"),
        (&[], &[("BENCH_MODE", "fast")], "BENCH_MODE=fast names no mode"),
    ] {
        let ended = project.gate(arguments, environment);
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.code() == Some(2) && stderr.contains(said), "{stderr}");
    }
    assert_eq!(project.calls(), "");
}
