//! Servers to test on: one of each kind, shared by the tests that run at the same time.

#[path = "servers/keeper.rs"]
mod keeper;
#[path = "servers/modern.rs"]
mod modern;
#[path = "servers/oldest.rs"]
mod oldest;

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Mutex;

pub use keeper::{Keeper, start_cluster};

/// What is run as a server.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Debian's, 18.16.
    Oldest,
    /// The engine that `scripts/engines.sh` fetches, as a library.
    Modern,
}

/// A running server, which ends when this is dropped.
pub struct Server {
    kind: Kind,
    pub port: u16,
    /// Where it does not speak HTTP.
    pub native_port: Option<u16>,
    process: Child,
    folder: TempDir,
}

impl Server {
    /// One that no other test uses.
    pub async fn start(kind: Kind) -> Self {
        match kind {
            Kind::Oldest => oldest::start("").await,
            Kind::Modern => modern::start().await,
        }
    }

    /// With a user that may do everything.
    pub fn url(&self) -> String {
        self.url_of("bench:s%40ecret")
    }

    /// With a user that may change nothing, not even settings.
    pub fn reader_url(&self) -> String {
        self.url_of("reader:s%40ecret")
    }

    fn url_of(&self, user: &str) -> String {
        url_through(self.port, user)
    }

    /// Ends it as the kernel would that has no memory left.
    pub fn kill(&self) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    }

    /// The same server again, on the data that it left.
    pub async fn restart(&mut self) {
        self.process.wait().unwrap();
        match self.kind {
            Kind::Oldest => oldest::run_again(self).await,
            Kind::Modern => modern::run_again(self).await,
        }
    }

    /// The answer to a statement, sent beside what is being tested.
    pub async fn run(&self, statement: &str) -> String {
        let answer = reqwest::Client::new().post(self.url()).body(statement.to_owned()).send().await.unwrap();
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

/// The URL of a server that is reached through this port.
pub fn url_through(port: u16, user: &str) -> String {
    format!("http://{user}@127.0.0.1:{port}")
}

/// One of each kind, which lives for as long as some test uses it.
pub async fn shared() -> [Arc<Server>; 2] {
    static SHARED: LazyLock<Mutex<[Weak<Server>; 2]>> = LazyLock::new(Mutex::default);
    let mut shared = SHARED.lock().await;
    let running = [reuse(&shared[0], Kind::Oldest).await, reuse(&shared[1], Kind::Modern).await];
    *shared = running.each_ref().map(Arc::downgrade);
    running
}

async fn reuse(shared: &Weak<Server>, kind: Kind) -> Arc<Server> {
    match shared.upgrade() {
        Some(running) => running,
        None => Arc::new(Server::start(kind).await),
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs a program that is silent, or says how to get it.
fn spawn(command: &mut Command, remedy: &str) -> Child {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}: {remedy}"))
}

/// Waits for what a server that starts brings about.
async fn until<T>(what: &str, mut there: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = there().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {what} within 30 s");
}

/// Waits until a server answers on this port.
async fn until_ready(port: u16) {
    let ping = format!("http://127.0.0.1:{port}/ping");
    let answers = async || reqwest::get(&ping).await.ok().filter(|answer| answer.status().is_success());
    until("server that answers", answers).await;
}
