//! Servers to test on: one of each kind, shared by the tests that run at the same time.

use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use backend_bench::bench::services::fetched_folder;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::tethered::tethered;

const CONFIG: &str = include_str!("oldest.xml");
const USERS: &str = include_str!("oldest_users.xml");

/// A running server, which ends when this is dropped.
pub struct Server {
    /// With a user that may do everything.
    pub url: String,
    /// With a user that may change nothing, not even settings.
    pub reader_url: String,
    /// Where it does not speak HTTP.
    pub native_port: Option<u16>,
    process: Child,
    folder: TempDir,
}

impl Server {
    pub fn port(&self) -> u16 {
        let (_, port) = self.url.rsplit_once(':').unwrap();
        port.parse().unwrap()
    }

    /// Its URL through another port.
    pub fn url_through(&self, port: u16) -> String {
        self.url.replace(&self.port().to_string(), &port.to_string())
    }

    /// Ends it as the kernel would that has no memory left.
    pub fn kill(&self) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    }

    /// The same server again, on the data that it left.
    pub async fn restart(mut self) -> Self {
        self.process.wait().unwrap();
        self.process = run_oldest(self.folder.path());
        wait_until_ready(&self).await;
        self
    }

    /// The answer to a statement, sent beside what is being tested.
    pub async fn run(&self, statement: &str) -> String {
        let answer = reqwest::Client::new().post(&self.url).body(statement.to_owned()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{statement}: {text}");
        text.trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A server, which lives for as long as some test uses it.
type Shared = LazyLock<Mutex<Weak<Server>>>;

/// Debian's server, 18.16.
pub async fn oldest() -> Arc<Server> {
    static SHARED: Shared = LazyLock::new(Mutex::default);
    shared(&SHARED, start_oldest()).await
}

/// The engine that `scripts/engines.sh` fetches, behind this project's own server.
pub async fn modern() -> Arc<Server> {
    static SHARED: Shared = LazyLock::new(Mutex::default);
    shared(&SHARED, start_modern()).await
}

async fn shared(shared: &Shared, start: impl Future<Output = Server>) -> Arc<Server> {
    let mut shared = shared.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(start.await);
    *shared = Arc::downgrade(&started);
    started
}

/// One that no other test uses.
pub async fn start_modern() -> Server {
    start_modern_in(tempfile::tempdir().unwrap()).await
}

pub async fn start_modern_in(folder: TempDir) -> Server {
    std::fs::write(folder.path().join("users"), "bench s@ecret\nreader s@ecret readonly\n").unwrap();
    let library = fetched_folder().join("chdb/libchdb.so");
    assert!(library.exists(), "no {}: scripts/engines.sh clickhouse", library.display());
    let process =
        tethered(env!("CARGO_BIN_EXE_chdb-server")).arg(library).arg(folder.path()).spawn().unwrap();
    let port = told_port(folder.path()).await;
    let [url, reader_url] = urls(port);
    Server { url, reader_url, native_port: None, process, folder }
}

async fn told_port(folder: &Path) -> u16 {
    for _ in 0..400 {
        if let Ok(port) = std::fs::read_to_string(folder.join("port")) {
            return port.parse().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server did not get ready within 20 s");
}

fn urls(port: u16) -> [String; 2] {
    ["bench", "reader"].map(|user| format!("http://{user}:s%40ecret@127.0.0.1:{port}"))
}

/// One that no other test uses.
pub async fn start_oldest() -> Server {
    start_oldest_in(tempfile::tempdir().unwrap(), "").await
}

/// One with `more` in its configuration.
pub async fn start_oldest_in(folder: TempDir, more: &str) -> Server {
    let (port, native_port) = (free_port(), free_port());
    configure(folder.path(), more, port, native_port);
    let process = run_oldest(folder.path());
    let [url, reader_url] = urls(port);
    let server = Server { url, reader_url, native_port: Some(native_port), process, folder };
    wait_until_ready(&server).await;
    server
}

fn run_oldest(folder: &Path) -> Child {
    tethered("clickhouse-server")
        .arg(format!("--config-file={}", folder.join("config.xml").display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn configure(folder: &Path, more: &str, port: u16, native_port: u16) {
    let filled = CONFIG
        .replace("<!-- MORE -->", more)
        .replace("FOLDER", folder.to_str().unwrap())
        .replace("NATIVE_PORT", &native_port.to_string())
        .replace("PEER_PORT", &free_port().to_string())
        .replace("PORT", &port.to_string());
    std::fs::write(folder.join("config.xml"), filled).unwrap();
    std::fs::write(folder.join("users.xml"), USERS).unwrap();
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn wait_until_ready(server: &Server) {
    let ping = format!("http://127.0.0.1:{}/ping", server.port());
    for _ in 0..200 {
        if reqwest::get(&ping).await.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server did not get ready within 10 s: is it installed? apt-get install clickhouse-server");
}
