//! What an interrupted comparison says and leaves.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::tiny::{HANGS_AT, NOISE, Tiny};

/// A project with rows that are soon decided, and others that never are and hang when they were measured for a while:
/// after the first look, however rows share processes, and before the last.
fn hanging() -> Tiny {
    let tiny = Tiny::new(&["steady", "late"]);
    tiny.edit("late", &[(NOISE, "NOISE: f64 = 0.5"), (HANGS_AT, "HANGS_AT: u64 = 110")]);
    tiny.commit("hanging");
    tiny
}

fn process(number: &str) -> Pid {
    Pid::from_raw(number.trim().parse().expect("a process's number")).expect("not zero")
}

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

/// `bench-gate ab` that has come to the process that hangs, and that process with its child.
fn started(tiny: &Tiny) -> (Child, [Pid; 2]) {
    let mut child = spawned(tiny);
    let read = || {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended before a bench could hang");
        fs::read_to_string(tiny.0.path("pids")).ok().filter(|pids| pids.ends_with('\n'))
    };
    let pids = eventually("the bench hangs", read);
    assert!(!tiny.left().is_empty(), "checkouts and temporary files are there while it runs");
    let (one, other) = pids.split_once(' ').expect("two numbers");
    (child, [process(one), process(other)])
}

fn spawned(tiny: &Tiny) -> Child {
    fs::create_dir_all(tiny.0.path("tmp")).expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-gate"));
    command.args(["ab", "hanging"]).current_dir(tiny.0.path("")).stdout(Stdio::piped()).stderr(Stdio::null());
    command.envs(tiny.environment()).env("TINY_PIDS", tiny.0.path("pids"));
    command.env_remove("CARGO_TARGET_DIR").env("NO_COLOR", "1");
    command.spawn().expect("it starts")
}

/// Sends `signal`, and returns the exit code and what was printed.
fn end(child: Child, signal: Signal) -> (Option<i32>, String) {
    kill_process(process(&child.id().to_string()), signal).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn interrupted_by(signal: Signal, code: i32) {
    let tiny = hanging();
    let (child, pids) = started(&tiny);
    let (ended, said) = end(child, signal);
    let expected = ["Interrupted. Decision by then, undecided: 2", "  steady/a Unchanged"];
    assert!(ended == Some(code) && expected.iter().all(|text| said.contains(text)), "{ended:?} {said}");
    pids.iter().for_each(|pid| eventually("no process", || test_kill_process(*pid).is_err().then_some(())));
    assert_eq!(tiny.left(), [""; 0]);
    assert!(tiny.0.reports().is_empty() && tiny.0.path("target/bench-gate/ab/target").exists());
}

#[test]
fn ctrl_c_says_what_is_known_and_leaves_nothing() {
    interrupted_by(Signal::INT, 130);
}

#[test]
fn a_request_to_end_says_what_is_known_and_leaves_nothing() {
    interrupted_by(Signal::TERM, 143);
}

#[test]
fn what_a_killed_one_leaves_the_next_removes() {
    let tiny = hanging();
    let (child, pids) = started(&tiny);
    let (ended, _) = end(child, Signal::KILL);
    pids.iter().for_each(|pid| kill_process(*pid, Signal::KILL).expect("it still runs"));
    assert!(ended.is_none() && !tiny.left().is_empty(), "what is killed cannot clean up");
    tiny.ab(&["first", "first", "steady"]).exits(0);
    assert_eq!(tiny.left(), [""; 0]);
}
