//! The server that all drivers load, in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use super::Outcome;

/// How many different times `/wait` takes, in turn: each driver meets all of them as often.
const TIMES: usize = 997;

/// A running server, which ends with this.
pub struct ServerProcess {
    child: Child,
    address: String,
}

impl ServerProcess {
    pub fn start() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg("serve").stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let output = child.stdout.take().ok_or("the server has no output")?;
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Says where it listens, and serves until it is killed.
#[tokio::main]
pub async fn serve() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let turn = Arc::new(AtomicUsize::new(0));
    let wait = move || {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(service_time(turn)).await;
            "waited"
        }
    };
    Ok(axum::serve(listener, Router::new().route("/", get(|| async { "hello" })).route("/wait", get(wait)))
        .await?)
}

/// 5 ms and an exponential time with a mean of 7 ms, up to 50 ms in all: its quantiles, in a scattered order.
fn service_time(turn: usize) -> Duration {
    let place = (turn % TIMES) * 619 % TIMES;
    let quantile = (place as f64 + 0.5) / TIMES as f64;
    Duration::from_secs_f64((0.005 - 0.007 * (1.0 - quantile).ln()).min(0.050))
}
