//! Our own API as a process of its own: the target of `examples/deployment/bench.toml`.
//!
//! ```text
//! cargo run --release --example serve -- 8080
//! ```
//!
//! It listens on that port of the loopback interface (0, the default, selects a free one) and prints its address. Its
//! model is simulated and ten times faster than a hosted one. Ctrl-C or SIGTERM ends it after its open requests.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use backend_bench::backend::agent::LatencyProfile;
use backend_bench::backend::api::ApiConfig;
use backend_bench::bench::platform::PlatformError;
use backend_bench::bench::{Platform, harness};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Events in its database.
const EVENTS: usize = 10_000;

/// How much faster than typical the simulated model is.
const FASTER: u32 = 10;

fn main() -> ExitCode {
    match harness::runtime().block_on(serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn port() -> Result<u16, &'static str> {
    let port = std::env::args().nth(1).map_or(Ok(0), |text| text.parse());
    port.map_err(|_| "give a port from 0 to 65535")
}

async fn serve() -> Result<(), PlatformError> {
    let port = port()?;
    // Their handlers are there before the address is printed.
    let ends = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    let profile = LatencyProfile::typical().faster(FASTER);
    let listen = |config: &mut ApiConfig| config.address = (Ipv4Addr::LOCALHOST, port).into();
    let platform = Platform::start_with(profile, EVENTS, listen).await?;
    println!("listening on {}", platform.server.url(""));
    ended(ends).await;
    Ok(platform.shutdown().await?)
}

async fn ended([mut interrupt, mut terminate]: [Signal; 2]) {
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
}
