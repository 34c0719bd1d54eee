//! An ephemeral server comes from nothing and leaves nothing, however it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use backend_bench::backend::database::{Database, Error, PoolOptions, Postgres};
use backend_bench::bench::services::StartError;
use backend_bench::bench::services::postgres::{PostgresSources, start_from};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{
    as_user, ephemeral, events, eventually, folder, number, password, port, runs, server_in, shared,
};

const OWNER: &str = "BACKEND_BENCH_TEST_OWNER";

/// What must not outlive a server.
struct Traces {
    folder: PathBuf,
    server: Pid,
    port: u16,
}

impl Traces {
    async fn of(url: &str) -> Self {
        let folder = folder(url).await;
        Self { server: server_in(&folder), folder, port: port(url) }
    }

    fn left(&self) -> Vec<String> {
        let left = [
            (self.folder.exists(), format!("{} is left", self.folder.display())),
            (runs(self.server), format!("process {} runs", self.server)),
            (TcpStream::connect(("127.0.0.1", self.port)).is_ok(), format!("port {} listens", self.port)),
        ];
        left.into_iter().filter_map(|(left, what)| left.then_some(what)).collect()
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_leaves_nothing() {
    let service = ephemeral();
    let traces = Traces::of(service.url()).await;
    assert_eq!(traces.left().len(), 3);
    // With connections open, which a server could wait for.
    let database = Postgres::open(service.url(), "dropped", PoolOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    drop(service);
    assert_eq!(traces.left(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_nothing_and_its_clients_an_error() {
    let service = ephemeral();
    let traces = Traces::of(service.url()).await;
    let database = impatient(service.url()).await;
    end(traces.server, &database).await;
    let error = database.insert_events(&events(10)).await.unwrap_err();
    assert!(
        matches!(error, Error::Lost { .. }) && !error.to_string().contains(password(service.url())),
        "{error}"
    );
    drop(service);
    assert_eq!(traces.left(), [""; 0]);
}

/// The process behind an open connection takes a moment to see that the server was killed, and answers until then.
async fn end(server: Pid, database: &Postgres) {
    kill_process(server, Signal::KILL).unwrap();
    eventually("its processes end", || async {
        // The pool has more than one connection, and each process ends in its own time.
        for _ in 0..5 {
            if database.count_events().await.is_ok() {
                return false;
            }
        }
        true
    })
    .await;
}

/// A database that soon gives up waiting for a connection.
async fn impatient(url: &str) -> Postgres {
    let options =
        PoolOptions { acquire_timeout: std::time::Duration::from_millis(300), ..PoolOptions::default() };
    let database = Postgres::open(url, "killed", options).await.unwrap();
    database.migrate().await.unwrap();
    database
}

#[test]
#[ignore = "not a test: the process that the next one starts and kills"]
fn owner_that_is_killed() {
    if std::env::var_os(OWNER).is_none() {
        return;
    }
    let service = ephemeral();
    println!("url={}", service.url());
    std::thread::sleep(std::time::Duration::from_mins(10));
}

/// A process of this same program that owns a server, and the server's URL.
fn owner() -> (Child, String) {
    let mut owner = Command::new(std::env::current_exe().unwrap());
    owner.args(["--exact", "lifecycle::owner_that_is_killed", "--ignored", "--nocapture"]).env(OWNER, "1");
    let mut owner = owner.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.split_once("url=").map(|(_, url)| url.to_owned()));
    (owner, url.expect("the owner tells the URL"))
}

#[tokio::test]
async fn a_server_whose_owner_is_killed_leaves_nothing() {
    let (mut owner, url) = owner();
    let traces = Traces::of(&url).await;
    assert_eq!(traces.left().len(), 3);
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("server, folder and port to go", async || traces.left().is_empty()).await;
}

#[tokio::test]
async fn the_password_is_asked_for_and_is_not_left_in_the_folder() {
    let service = ephemeral();
    let wrong = as_user(service.url(), "postgres", "wrong");
    assert!(Postgres::open(&wrong, "wrong", PoolOptions::default()).await.is_err());
    let folder = folder(service.url()).await;
    assert!(!folder.join("password").exists());
    let command_line = fs::read_to_string(format!("/proc/{}/cmdline", server_in(&folder))).unwrap();
    assert!(
        command_line.contains("data") && !command_line.contains(password(service.url())),
        "{command_line}"
    );
}

#[tokio::test]
async fn a_server_by_url_is_described_without_its_password_and_goes_on() {
    let sources = PostgresSources { url: Some(shared().to_owned()), ..PostgresSources::of_this_machine() };
    let service = start_from(&sources).unwrap();
    let metadata = service.metadata().clone();
    assert_eq!(metadata.origin, format!("DATABASE_URL (127.0.0.1:{}/postgres)", port(shared())));
    assert!(
        metadata.settings.contains(&"fsync off".to_owned()) && !metadata.major.contains('.'),
        "{metadata:?}"
    );
    drop(service);
    assert_eq!(number(shared(), "SELECT 1::bigint").await, 1);
}

/// A fetched binary whose `initdb` is this script.
fn fetched(initdb: &str) -> (tempfile::TempDir, PostgresSources) {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join("postgres/bin");
    fs::create_dir_all(&bin).unwrap();
    let nowhere = || Path::new("/nowhere").to_owned();
    for (name, script) in [("initdb", initdb), ("postgres", "#!/bin/sh\nexit 1\n")] {
        fs::write(bin.join(name), script).unwrap();
        set_mode(&bin.join(name), 0o755);
    }
    set_mode(root.path(), 0o755);
    let fetched = root.path().join("postgres");
    (root, PostgresSources { url: None, path: vec![nowhere()], installed: nowhere(), fetched })
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_binary_that_does_not_work_fails_with_its_own_words_and_the_remedy() {
    let cases = [
        ("#!/bin/sh\necho 'no locale for you' >&2\nexit 1\n", "no locale for you"),
        ("\u{7f}ELF, but cut off", "serve"),
        ("#!/bin/sh\nexit 0\n", ""),
    ];
    for (initdb, words) in cases {
        let (_root, sources) = fetched(initdb);
        let error = start_from(&sources).unwrap_err();
        assert!(matches!(error, StartError::Failed { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(words) && message.contains("scripts/engines.sh"), "{message}");
    }
}
