//! What cannot be compared ends in exit 2, with the thing and the remedy, and leaves nothing behind.

use std::fs;

use super::tiny::Tiny;
use crate::common::Ended;

/// `bench-gate ab` gives up; what it had begun is gone.
#[track_caller]
fn refuses(tiny: &Tiny, arguments: &[&str], said: &[&str], remedy: &str) {
    let ended = tiny.ab(arguments).exits(2);
    let (problem, help) = ended.stderr.split_once("help: ").expect("a remedy");
    for text in said {
        assert!(problem.contains(text), "no {text:?} in:\n{}", ended.stderr);
    }
    assert!(help.contains(remedy), "no {remedy:?} as the remedy in:\n{}", ended.stderr);
    assert_eq!(tiny.left(), [""; 0]);
}

#[test]
fn a_revision_that_does_not_exist() {
    let tiny = Tiny::new(&["steady"]);
    refuses(&tiny, &["nowhere"], &["no revision `nowhere`"], "fetch-depth: 0");
    refuses(&tiny, &["--", "--help"], &["no revision `--help`"], "git rev-parse");
    refuses(
        &tiny,
        &["first", "nowhere"],
        &["`nowhere` is neither a revision nor a bench target", "steady"],
        "name one",
    );
    assert!(!tiny.0.path("target/bench-gate/ab/target").exists(), "nothing was built");
}

#[test]
fn a_category_that_is_in_neither() {
    let tiny = Tiny::new(&["steady"]);
    refuses(
        &tiny,
        &["first", "HEAD", "other"],
        &["`other` is neither", "there are steady"],
        "name one of those",
    );
}

#[test]
fn a_word_with_two_meanings() {
    let tiny = Tiny::new(&["steady"]);
    tiny.git(&["tag", "steady"]);
    refuses(&tiny, &["first", "steady"], &["`steady` is a revision and a bench target"], "name HEAD before");
    tiny.ab(&["first", "HEAD", "steady"]).exits(0);
}

#[test]
fn files_that_differ_where_nobody_said_which_are_meant() {
    let tiny = Tiny::new(&["steady"]);
    tiny.0.write("benches/steady.rs", "fn main() {}").write("untracked", "");
    refuses(
        &tiny,
        &["first"],
        &["files differ from HEAD", "benches/steady.rs", "?? untracked"],
        "say `worktree`",
    );
}

#[test]
fn a_revision_that_does_not_build() {
    let tiny = Tiny::new(&["steady"]);
    tiny.commit_file("benches/steady.rs", "fn main() { nonsense }", "broken");
    refuses(
        &tiny,
        &["first"],
        &["cannot find value `nonsense`", "head, HEAD ("],
        "correct what cargo reports",
    );
    refuses(
        &tiny,
        &["broken", "first"],
        &["nonsense", "base, broken (", "does not build"],
        "another revision",
    );
}

/// Cargo must not find the project that is worked on in its place.
#[test]
fn a_revision_without_the_project() {
    let tiny = Tiny::new(&["steady"]);
    tiny.git(&["rm", "--quiet", "Cargo.toml"]);
    tiny.commit("gone");
    tiny.git(&["checkout", "--quiet", "first"]);
    refuses(&tiny, &["gone"], &["base, gone (", "could not find `Cargo.toml`"], "another revision");
}

#[test]
fn a_filter_that_matches_nothing() {
    let tiny = Tiny::new(&["steady"]);
    let said = ["no benchmark `steady/z`: there are steady/a, steady/b"];
    refuses(&tiny, &["first", "--filter", "steady/z"], &said, "`*` for one part");
}

#[test]
fn pairs_that_can_never_decide() {
    let tiny = Tiny::new(&["steady"]);
    let said = ["5 pairs can never decide: 2 rows need 7 at least"];
    refuses(&tiny, &["first", "--pairs-max", "5"], &said, "raise --pairs-max");
}

#[test]
fn a_base_that_cannot_run() {
    let tiny = Tiny::new(&["crashes"]);
    let said = ["the base cannot run crashes: exit code 101", "the workload gave a wrong answer"];
    refuses(&tiny, &["first"], &said, "whose benches run");
}

#[test]
fn no_repository_and_no_git() {
    let tiny = Tiny::new(&["steady"]);
    let without_git = tiny.command(&["first"]).env("PATH", tiny.0.path("nothing")).output().expect("it runs");
    let said = String::from_utf8_lossy(&without_git.stderr).into_owned();
    assert!(without_git.status.code() == Some(2) && said.contains("git cannot be run"), "{said}");
    fs::remove_dir_all(tiny.0.path(".git")).expect("a repository");
    let ended = tiny.ab(&["first"]).exits(2);
    assert!(
        ended.stderr.contains("not in a git repository") && ended.stderr.contains("bench-gate compare"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_report_that_has_no_place_and_thresholds_that_are_not_there() {
    let tiny = Tiny::new(&["steady"]);
    tiny.0.write("a_file", "");
    refuses(
        &tiny,
        &["first", "HEAD", "--report-dir", "a_file/x"],
        &["a_file/x: cannot make"],
        "name another",
    );
    refuses(
        &tiny,
        &["first", "HEAD", "--thresholds", "none.toml"],
        &["none.toml: cannot read"],
        "check that the path",
    );
    refuses(
        &tiny,
        &["first", "HEAD", "--margin", "auto"],
        &["noise.json: cannot read"],
        "check that the path",
    );
}

/// Both sides would measure what runs there.
#[test]
fn a_deployment_that_the_environment_names() {
    let tiny = Tiny::new(&["steady"]);
    for name in ["API_URL", "WS_URL"] {
        let ended: Ended =
            tiny.command(&["first"]).env(name, "http://127.0.0.1:1").output().expect("it runs").into();
        let said = [&*format!("{name} is set"), "no difference that is measured would be theirs"];
        ended.refuses(&said, "unset it");
    }
    assert!(!tiny.0.path("target/bench-gate/ab/target").exists(), "something was built");
    tiny.command(&["first"]).env("API_URL", " ").assert().success();
}

#[test]
fn a_deployment_that_a_file_names() {
    let tiny = Tiny::new(&["steady"]);
    let with = |name: &str, value: &str| format!("schema_version = 1\n[target]\n{name} = \"{value}\"\n");
    tiny.commit_file("bench.toml", with("api_url", "http://127.0.0.1:1"), "deployed");
    refuses(&tiny, &["first"], &["bench.toml names target.api_url"], "BENCH_CONFIG");
    let mine = |text: String| -> Ended {
        tiny.0.write("tmp/mine.toml", text);
        let file = tiny.0.path("tmp/mine.toml");
        tiny.command(&["first"]).env("BENCH_CONFIG", file).output().expect("it runs").into()
    };
    mine(with("ws_url", "ws://127.0.0.1:1")).refuses(&["mine.toml names target.ws_url"], "unset it");
    for allowed in [with("database_url", "postgres://127.0.0.1/both-sides-use-it"), "not for us".to_owned()] {
        mine(allowed).exits(0);
    }
}

/// The worktree has no such file, and the head that is checked out has.
#[test]
fn a_deployment_that_only_a_side_names() {
    let tiny = Tiny::new(&["steady"]);
    tiny.commit_file("bench.toml", "[target]\napi_url = \"http://127.0.0.1:1\"\n", "deployed");
    tiny.git(&["checkout", "--quiet", "first"]);
    refuses(&tiny, &["first", "deployed"], &["bench.toml names target.api_url"], "unset it");
}

#[test]
fn a_second_one_at_the_same_time() {
    let tiny = Tiny::new(&["steady"]);
    tiny.ab(&["first"]).exits(0);
    let lock = fs::File::open(tiny.0.path("target/bench-gate/ab/lock")).expect("its lock");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("a lock");
    refuses(&tiny, &["first"], &["another bench-gate measures here"], "wait until it has ended");
}

/// A git that cannot check out because the disk is full, simulated: everything else it hands on. Its folder.
fn full_disk(tiny: &Tiny, real: &str) -> String {
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *'worktree add'*) echo 'fatal: No space left on device' >&2; exit 128;; esac\n\
         PATH='{real}' exec git \"$@\"\n"
    );
    tiny.0.write_program("tmp/full/git", &script);
    tiny.0.path("tmp/full").display().to_string()
}

#[test]
fn a_disk_that_is_full() {
    let (tiny, real) = (Tiny::new(&["steady"]), std::env::var("PATH").expect("a path"));
    let path = format!("{}:{real}", full_disk(&tiny, &real));
    let ended = Ended::from(tiny.command(&["first"]).env("PATH", path).output().expect("it runs")).exits(2);
    for said in ["git cannot check out into it: fatal: No space left", "cargo clean"] {
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}
