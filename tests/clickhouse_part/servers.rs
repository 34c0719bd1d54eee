//! Servers to test on: the engine that `scripts/engines.sh` fetches, served by `chdb-server`.

use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Weak};
use std::time::Duration;

use backend_bench::bench::services::fetched_folder;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::tethered::tethered;

/// A running server, which ends when this is dropped.
pub struct Server {
    /// With a user that may do everything.
    pub url: String,
    /// With a user that may change nothing, not even settings.
    pub reader_url: String,
    process: Child,
    folder: TempDir,
}

impl Server {
    /// One that no other test uses.
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub async fn start_in(folder: TempDir) -> Self {
        std::fs::write(folder.path().join("users"), "bench s@ecret\nreader s@ecret readonly\n").unwrap();
        let library = fetched_folder().join("chdb/libchdb.so");
        assert!(library.exists(), "no {}: run scripts/engines.sh clickhouse", library.display());
        let mut command = tethered(env!("CARGO_BIN_EXE_chdb-server"));
        let process = command.arg(library).arg(folder.path()).spawn().unwrap();
        let port = port_in(folder.path()).await;
        let url = |user| format!("http://{user}:s%40ecret@127.0.0.1:{port}");
        Self { url: url("bench"), reader_url: url("reader"), process, folder }
    }

    pub fn port(&self) -> u16 {
        let (_, port) = self.url.rsplit_once(':').unwrap();
        port.parse().unwrap()
    }

    /// Its URL through another port.
    pub fn url_through(&self, port: u16) -> String {
        self.url.replace(&self.port().to_string(), &port.to_string())
    }

    /// Ends it as the kernel does that has no memory left.
    pub fn kill(&self) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    }

    /// Another one on the data of this one, which was killed.
    pub async fn restart(mut self) -> Self {
        self.process.wait().unwrap();
        std::fs::remove_file(self.folder.path().join("port")).unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::start_in(folder).await
    }

    /// The answer to a statement, sent beside what is being tested.
    pub async fn run(&self, statement: &str) -> String {
        let (status, text) = self.run_with("", statement).await;
        assert!(status.is_success(), "{statement}: {text}");
        text
    }

    /// Status and text of the answer to a statement, with settings in the URL.
    pub async fn run_with(&self, settings: &str, statement: &str) -> (reqwest::StatusCode, String) {
        let request = reqwest::Client::new().post(format!("http://127.0.0.1:{}/?{settings}", self.port()));
        let request = request.header("X-ClickHouse-User", "bench").header("X-ClickHouse-Key", "s@ecret");
        let answer = request.body(statement.to_owned()).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap().trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// One for all tests that run at the same time. It ends with the last of them.
pub async fn shared_server() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
    let mut shared = SHARED.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(Server::start().await);
    *shared = Arc::downgrade(&started);
    started
}

async fn port_in(folder: &Path) -> u16 {
    for _ in 0..400 {
        if let Ok(port) = std::fs::read_to_string(folder.join("port")) {
            return port.parse().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server wrote no port within 20 s");
}
