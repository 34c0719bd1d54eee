//! What throwaway servers promise, with a shell and `sleep` as the server.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};

use super::*;

const OWNER: &str = "BACKEND_BENCH_TEST_OWNER";

/// A server that runs until it is ended, with a child of its own.
fn server(folder: &Folder) -> Command {
    let mut server = Command::new("sh");
    server.args(["-c", "sleep 1000 & echo started; wait", "server"]).arg(folder.path());
    server
}

fn start(engine: &str) -> Throwaway {
    let folder = Folder::create(engine, None).unwrap();
    let server = server(&folder);
    let mut throwaway = Throwaway::start(folder, &server, Stop::Terminate).unwrap();
    // A process that is about to become another program has no command line for a moment.
    assert!(throwaway.wait_until(Duration::from_secs(10), has_begun).unwrap());
    throwaway
}

fn has_begun(folder: &Path) -> bool {
    pid_in(folder).is_some() && fs::read_to_string(folder.join("log")).is_ok_and(|log| log == "started\n")
}

fn pid_in(folder: &Path) -> Option<Pid> {
    fs::read_to_string(folder.join("server.pid")).ok()?.trim().parse().ok().and_then(Pid::from_raw)
}

fn runs(pid: Pid) -> bool {
    // A zombie, which a process without a parent may stay in a container, has no command line.
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited in vain for: {what}");
        thread::sleep(LOOK);
    }
}

fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn dropping_ends_the_server_and_removes_the_folder() {
    let throwaway = start("dropped");
    let (folder, pid) = (throwaway.folder().to_owned(), pid_in(throwaway.folder()).unwrap());
    assert!(runs(pid) && folder.exists());
    drop(throwaway);
    assert!(!runs(pid) && !folder.exists());
}

#[test]
fn a_panic_ends_the_server_too() {
    let mut seen = None;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let throwaway = start("panicked");
        seen = Some((throwaway.folder().to_owned(), pid_in(throwaway.folder()).unwrap()));
        panic!("a failed check");
    }));
    let (folder, pid) = seen.unwrap();
    assert!(ended.is_err() && !runs(pid) && !folder.exists());
}

#[test]
fn a_server_that_ends_is_noticed_and_its_last_words_are_kept() {
    let folder = Folder::create("crashed", None).unwrap();
    let mut server = Command::new("sh");
    server.args(["-c", "echo one; echo 'no room' >&2; exit 3"]);
    let mut throwaway = Throwaway::start(folder, &server, Stop::Terminate).unwrap();
    assert!(!throwaway.wait_until(Duration::from_secs(10), |_| false).unwrap());
    assert!(throwaway.has_ended().unwrap());
    assert_eq!(throwaway.last_words(), "one; no room");
}

#[test]
fn a_server_that_cannot_be_started_is_noticed() {
    let folder = Folder::create("missing", None).unwrap();
    let mut throwaway = Throwaway::start(folder, &Command::new("/no/such/server"), Stop::Terminate).unwrap();
    assert!(!throwaway.wait_until(Duration::from_secs(10), |_| false).unwrap());
    assert!(throwaway.last_words().contains("/no/such/server"), "{}", throwaway.last_words());
}

#[test]
#[ignore = "no test of its own: the process that others start, and kill"]
fn owner_that_is_killed() {
    if std::env::var_os(OWNER).is_none() {
        return;
    }
    let throwaway = start("owned");
    println!("folder={}", throwaway.folder().display());
    thread::sleep(Duration::from_mins(10));
}

/// A process of this same program that owns a server, with the first line that it prints about it.
fn owner() -> (Child, PathBuf) {
    let mut owner = Command::new(std::env::current_exe().unwrap());
    owner.args([
        "--exact",
        "bench::services::throwaway::tests::owner_that_is_killed",
        "--ignored",
        "--nocapture",
    ]);
    let mut owner = owner.env(OWNER, "1").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.split_once("folder=").map(|(_, folder)| PathBuf::from(folder)));
    (owner, folder.expect("the owner tells its folder"))
}

/// A folder whose owner was killed, and the id of the server in it.
fn orphaned() -> (PathBuf, Pid) {
    let (mut owner, folder) = owner();
    let pid = pid_in(&folder).unwrap();
    owner.kill().unwrap();
    owner.wait().unwrap();
    (folder, pid)
}

#[test]
fn killing_the_owner_leaves_no_server_and_no_folder() {
    let (folder, pid) = orphaned();
    eventually("the server to end", || !runs(pid));
    eventually("the folder to go", || !folder.exists());
}

#[test]
fn what_a_killed_supervisor_leaves_is_removed_by_the_next_start() {
    let mut throwaway = start("swept");
    let (folder, pid) = (throwaway.folder().to_owned(), pid_in(throwaway.folder()).unwrap());
    throwaway.supervisor.kill().unwrap();
    // Waiting for it would close the pipe.
    eventually("the supervisor to end", || throwaway.supervisor.try_wait().unwrap().is_some());
    assert!(runs(pid) && folder.exists());
    let next = Folder::create("swept", None).unwrap();
    assert!(!runs(pid) && !folder.exists() && next.path().exists());
}

#[test]
fn dropping_ends_a_server_whose_supervisor_was_killed() {
    let throwaway = start("unsupervised");
    let (folder, pid) = (throwaway.folder().to_owned(), pid_in(throwaway.folder()).unwrap());
    kill(Pid::from_child(&throwaway.supervisor));
    drop(throwaway);
    eventually("the server to end", || !runs(pid));
    assert!(!folder.exists());
}

#[test]
fn the_next_start_leaves_running_servers_and_new_folders_alone() {
    let running = start("kept");
    let unborn = Folder::create("kept", None).unwrap();
    let _next = Folder::create("kept", None).unwrap();
    assert!(runs(pid_in(running.folder()).unwrap()) && unborn.path().exists());
}

#[test]
fn an_old_folder_that_never_got_a_server_is_removed() {
    let folder = tempfile::Builder::new().prefix("backend-bench-unborn-").tempdir().unwrap();
    let _next = Folder::create("unborn", None).unwrap();
    assert!(folder.path().exists());
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    File::open(folder.path()).unwrap().set_modified(long_ago).unwrap();
    let _after = Folder::create("unborn", None).unwrap();
    assert!(!folder.path().exists());
}
