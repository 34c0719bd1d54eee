//! What ephemeral servers promise, with a shell and `sleep` as the server.

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
fn command(folder: &Folder) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "sleep 1000 & echo started; wait", "server"]).arg(folder.path());
    command
}

fn start(engine: &str) -> EphemeralServer {
    let folder = Folder::create(engine, None).unwrap();
    let command = command(&folder);
    let mut server = EphemeralServer::start(folder, &command, Stop::Terminate).unwrap();
    // A process that is about to become another program has no command line for a moment.
    assert!(server.wait_until(Duration::from_secs(10), has_begun).unwrap());
    server
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
        thread::sleep(POLL);
    }
}

fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn dropping_ends_the_server_and_removes_the_folder() {
    let server = start("dropped");
    let (folder, pid) = (server.folder().to_owned(), pid_in(server.folder()).unwrap());
    assert!(runs(pid) && folder.exists());
    drop(server);
    assert!(!runs(pid) && !folder.exists());
}

#[test]
fn a_panic_ends_the_server_too() {
    let mut seen = None;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let server = start("panicked");
        seen = Some((server.folder().to_owned(), pid_in(server.folder()).unwrap()));
        panic!("a failed check");
    }));
    let (folder, pid) = seen.unwrap();
    assert!(ended.is_err() && !runs(pid) && !folder.exists());
}

#[test]
fn a_server_that_ends_is_noticed_and_its_log_is_kept() {
    let folder = Folder::create("crashed", None).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo one; echo 'no room' >&2; exit 3"]);
    let mut server = EphemeralServer::start(folder, &command, Stop::Terminate).unwrap();
    assert!(!server.wait_until(Duration::from_secs(10), |_| false).unwrap());
    assert!(server.has_ended().unwrap());
    assert_eq!(server.log_tail(), "one; no room");
}

#[test]
fn a_server_that_cannot_be_started_is_noticed() {
    let folder = Folder::create("missing", None).unwrap();
    let mut server =
        EphemeralServer::start(folder, &Command::new("/no/such/server"), Stop::Terminate).unwrap();
    assert!(!server.wait_until(Duration::from_secs(10), |_| false).unwrap());
    assert!(server.log_tail().contains("/no/such/server"), "{}", server.log_tail());
}

#[test]
#[ignore = "not a test: the process that other tests start and kill"]
fn owner_that_is_killed() {
    if std::env::var_os(OWNER).is_none() {
        return;
    }
    let server = start("owned");
    println!("folder={}", server.folder().display());
    thread::sleep(Duration::from_mins(10));
}

/// A process of this same program that owns a server, with the first line that it prints about it.
fn owner() -> (Child, PathBuf) {
    let mut owner = Command::new(std::env::current_exe().unwrap());
    owner.args([
        "--exact",
        "bench::services::ephemeral::tests::owner_that_is_killed",
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
    let mut server = start("swept");
    let (folder, pid) = (server.folder().to_owned(), pid_in(server.folder()).unwrap());
    server.supervisor.kill().unwrap();
    // Waiting for it would close the pipe.
    eventually("the supervisor to end", || server.supervisor.try_wait().unwrap().is_some());
    assert!(runs(pid) && folder.exists());
    let next = Folder::create("swept", None).unwrap();
    assert!(!runs(pid) && !folder.exists() && next.path().exists());
}

#[test]
fn dropping_ends_a_server_whose_supervisor_was_killed() {
    let server = start("unsupervised");
    let (folder, pid) = (server.folder().to_owned(), pid_in(server.folder()).unwrap());
    kill(Pid::from_child(&server.supervisor));
    drop(server);
    eventually("the server to end", || !runs(pid));
    assert!(!folder.exists());
}

#[test]
fn the_next_start_leaves_running_servers_and_new_folders_alone() {
    let running = start("kept");
    let starting = Folder::create("kept", None).unwrap();
    let _next = Folder::create("kept", None).unwrap();
    assert!(runs(pid_in(running.folder()).unwrap()) && starting.path().exists());
}

#[test]
fn an_old_folder_that_never_got_a_server_is_removed() {
    let folder = tempfile::Builder::new().prefix("backend-bench-never-started-").tempdir().unwrap();
    let _next = Folder::create("never-started", None).unwrap();
    assert!(folder.path().exists());
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    File::open(folder.path()).unwrap().set_modified(long_ago).unwrap();
    let _after = Folder::create("never-started", None).unwrap();
    assert!(!folder.path().exists());
}
