//! However it ends, nothing is left: no process, no port, no folder.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backend_bench::bench::services::Service;
use backend_bench::bench::services::ephemeral::parents;

use super::{Entry, client, count, filled, plain_client, started};

/// Set in a process of this test program that is to start a server and wait to be killed.
const OWNER: &str = "CLICKHOUSE_SERVER_OWNER";

/// How long everything may take to be gone.
const PATIENCE: Duration = Duration::from_secs(30);

fn port(service: &Service) -> u16 {
    service.url().rsplit_once(':').expect("a port").1.parse().expect("a number")
}

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[track_caller]
fn soon(what: &str, reached: impl Fn() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The server that listens on `port`, and its folder, as its command line has them.
fn process_on(port: u16) -> (u32, PathBuf) {
    let folders = parents().into_iter().flat_map(|place| std::fs::read_dir(place).expect("a folder"));
    let of_port = |folder: &PathBuf| {
        std::fs::read_to_string(folder.join("port")).is_ok_and(|text| text == port.to_string())
            && folder.to_string_lossy().contains("backend-bench-clickhouse-")
    };
    let folder =
        folders.map(|entry| entry.expect("an entry").path()).find(of_port).expect("a folder with the port");
    let pid = std::fs::read_to_string(folder.join("server.pid")).expect("a process id");
    (pid.trim().parse().expect("a number"), folder)
}

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[track_caller]
fn leaves_nothing(port: u16, (pid, folder): (u32, PathBuf)) {
    soon("the process is still there", || !runs(pid));
    soon("the port is still open", || !answers(port));
    soon("the folder is still there", || !folder.exists());
}

#[test]
fn dropping_it_ends_it() {
    let service = started();
    let port = port(&service);
    let process = process_on(port);
    assert!(answers(port) && runs(process.0));
    drop(service);
    leaves_nothing(port, process);
}

#[tokio::test]
async fn a_server_that_is_killed_in_an_insert_is_an_error_and_leaves_nothing() {
    let service = started();
    let client = client(service.url(), "killed").await;
    client.query(&Entry::table("entries")).execute().await.expect("a table");
    let mut insert = client.insert::<Entry>("entries").await.expect("an insert");
    insert.write(&Entry::numbered(1)).await.expect("a row");
    let (port, process) = kill(&service);
    assert!(insert.end().await.is_err(), "the insert into a killed server ended well");
    drop_and_look(service, port, process);
}

#[tokio::test]
async fn the_server_after_a_killed_one_is_empty_and_works() {
    let service = started();
    filled(&client(service.url(), "killed").await, "entries", 10).await;
    let (port, process) = kill(&service);
    let next = started();
    let client = client(next.url(), "killed").await;
    filled(&client, "entries", 100).await;
    assert_eq!(count(&client, "entries").await, 100);
    drop_and_look(service, port, process);
}

fn drop_and_look(service: Service, port: u16, process: (u32, PathBuf)) {
    drop(service);
    leaves_nothing(port, process);
}

/// Kills the server. Returns what is to be gone after it.
fn kill(service: &Service) -> (u16, (u32, PathBuf)) {
    let port = port(service);
    let process = process_on(port);
    let pid = rustix::process::Pid::from_raw(process.0.cast_signed()).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("a process to kill");
    (port, process)
}

#[test]
fn a_killed_owner_leaves_nothing() {
    if std::env::var_os(OWNER).is_some() {
        return own_until_killed();
    }
    let (mut owner, port) = owner();
    let process = process_on(port);
    owner.kill().and_then(|()| owner.wait()).expect("a killed owner");
    leaves_nothing(port, process);
}

/// A process of this test program that owns a server, and the server's port.
fn owner() -> (Child, u16) {
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.args(["--exact", "end::a_killed_owner_leaves_nothing", "--nocapture"]).env(OWNER, "1");
    let mut owner = command.stdout(Stdio::piped()).spawn().expect("a second one of this program");
    let lines = BufReader::new(owner.stdout.take().expect("its output")).lines();
    let told = lines.map_while(Result::ok).find_map(|line| line.split_once("port ")?.1.trim().parse().ok());
    (owner, told.expect("a port"))
}

fn own_until_killed() {
    let service = started();
    println!("port {}", port(&service));
    std::thread::sleep(PATIENCE);
    panic!("not killed in time: {service:?}");
}

#[tokio::test]
async fn it_tells_what_it_is_and_shows_no_password() {
    let service = started();
    let version: String =
        plain_client(service.url()).query("SELECT version()").fetch_one().await.expect("a version");
    let metadata = service.metadata();
    assert!(version.starts_with(&metadata.major), "the engine says {version}, the report {metadata:?}");
    assert!(
        metadata.origin.ends_with("libchdb.so") && metadata.settings.iter().any(|text| text.contains("chDB")),
        "{metadata:?}"
    );
    let password = service.url().split([':', '@']).nth(2).expect("a password").to_owned();
    assert!(password.len() == 32 && !format!("{service:?}").contains(&password));
}
