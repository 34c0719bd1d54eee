//! Which revision the head is compared with, and what the report says of it.

use super::tiny::{AUTHOR, BENCHMARKS, Tiny};

const SLOWER: &str = r#"[("a", 1000.0), ("b", 2400.0)]"#;

/// A repository whose `main` got faster after the branch `change` left it. That branch is slower by one commit.
fn branched() -> Tiny {
    let tiny = Tiny::new(&["steady"]);
    tiny.git(&["checkout", "--quiet", "-b", "change"]);
    tiny.commit_benchmarks(SLOWER, "slower");
    tiny.git(&["checkout", "--quiet", "main"]);
    tiny.commit_benchmarks(r#"[("a", 500.0), ("b", 2000.0)]"#, "faster");
    tiny.git(&["checkout", "--quiet", "change"]);
    tiny
}

#[test]
fn without_a_revision_it_is_the_merge_base_with_the_default_branch() {
    let tiny = branched();
    let ended = tiny.ab(&["--margin", "3%"]).exits(1);
    ended.prints("steady/b REGRESSED").prints("1 unchanged").prints("with merge base with main (");
    let first = tiny.git(&["rev-parse", "first"]);
    let line = ended.stdout.lines().find(|line| line.starts_with("compared")).expect("a first line");
    assert!(line.starts_with("compared 2 of 2 rows of HEAD (") && line.contains(&first[..9]), "{line}");
    ended.is_silent_about("no ancestor");
}

#[test]
fn a_branch_is_its_merge_base_unless_its_tip_is_asked_for() {
    let tiny = branched();
    tiny.ab(&["main"]).exits(1).prints("merge base with main (").prints("1 unchanged");
    let ended = tiny.ab(&["main", "--base-tip"]).exits(1);
    ended.prints("steady/a REGRESSED").prints("is no ancestor of").is_silent_about("merge base");
    tiny.ab(&["faster"]).exits(1).prints("steady/a REGRESSED").prints("is no ancestor of");
}

#[test]
fn ci_compares_the_merge_of_a_pull_request_with_its_first_parent() {
    let tiny = branched();
    tiny.git(&["checkout", "--quiet", "--detach", "main"]);
    let merge = ["merge", "--quiet", "--no-ff", "--strategy-option", "theirs", "--message", "test", "change"];
    tiny.git(&[&AUTHOR[..], &merge].concat());
    let mut command = tiny.command(&[]);
    let ended: crate::common::Ended =
        command.env("GITHUB_REF", "refs/pull/7/merge").output().expect("it runs").into();
    ended.exits(1).prints("REGRESSED").prints("with HEAD^1 (");
}

#[test]
fn a_head_without_a_change_is_refused() {
    let tiny = branched();
    tiny.git(&["checkout", "--quiet", "main"]);
    let ended = tiny.ab(&[]).exits(2);
    assert!(
        ended.stderr.contains("HEAD") && ended.stderr.contains("has no commit that main lacks"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("HEAD~1"), "{}", ended.stderr);
    tiny.edit("steady", &[(BENCHMARKS, SLOWER)]);
    tiny.ab(&["worktree"]).exits(1).prints("steady/b REGRESSED");
}

#[test]
fn a_target_may_be_named_without_a_revision() {
    let tiny = branched();
    tiny.ab(&["steady"]).exits(1).prints("steady/b REGRESSED");
}

#[test]
fn what_the_gate_writes_itself_is_no_change() {
    let tiny = branched();
    tiny.0.write(".gitignore", "/target\n/Cargo.lock\n/runs\n/tmp\n");
    tiny.commit("unignored");
    tiny.0.write("test_reports/report.json", "{}").write("baselines/old.json", "{}");
    tiny.ab(&["first", "--filter", "steady/a"]).exits(0);
    tiny.0.write("other/test_reports", "");
    let ended = tiny.ab(&["first"]).exits(2);
    assert!(ended.stderr.contains("?? other/test_reports"), "{}", ended.stderr);
}

/// The budget is enough for the cheap row alone: the expensive one is named, and nothing passes.
#[test]
fn a_row_that_is_too_expensive_leaves_the_verdict_open() {
    let tiny = Tiny::new(&["steady", "other"]);
    let slow = "fn main() {\n    std::thread::sleep(Duration::from_millis(700));";
    tiny.edit("other", &[("fn main() {", slow), (BENCHMARKS, r#"[("a", 1001.0), ("b", 2000.0)]"#)]);
    tiny.edit("steady", &[(BENCHMARKS, r#"[("a", 1001.0), ("b", 2000.0)]"#)]);
    tiny.commit("expensive");
    let ended = tiny.ab(&["first", "--budget", "9s"]).exits(3);
    ended.prints("not measured: other/a").prints("too expensive for the budget").prints("2 not measured");
}
