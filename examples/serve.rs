//! Our own API as a process of its own: what `examples/deployment/bench.toml` is written for.
//!
//! ```text
//! cargo run --release --example serve -- 8080
//! ```
//!
//! It listens on that port of the loopback interface (0, the default, finds a free one) and says so. Its model is
//! simulated and keeps a tenth of the time of a hosted one. Ctrl-C or SIGTERM
//! end it when its requests are answered; nothing of it is left.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use backend_bench::backend::agent::LatencyProfile;
use backend_bench::backend::api::ApiConfig;
use backend_bench::bench::platform::PlatformError;
use backend_bench::bench::{Platform, harness};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// Events in its database.
const EVENTS: usize = 10_000;

/// How much faster than typical the simulated model is.
const FASTER: u32 = 10;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn serve() -> Result<(), PlatformError> {
    let port = std::env::args().nth(1).map_or(Ok(0), |text| text.parse::<u16>());
    let port = port.map_err(|_| "give a port from 0 to 65535")?;
    let mut signals = signals()?;
    let runtime = harness::runtime();
    let platform = runtime.block_on(started(port))?;
    tell(&platform)?;
    signals.read_exact(&mut [0])?;
    Ok(runtime.block_on(platform.shutdown())?)
}

async fn started(port: u16) -> Result<Platform, PlatformError> {
    let profile = LatencyProfile::typical().faster(FASTER);
    let listen = |config: &mut ApiConfig| config.address = (Ipv4Addr::LOCALHOST, port).into();
    Platform::start_with(profile, EVENTS, listen).await
}

fn tell(platform: &Platform) -> std::io::Result<()> {
    println!("listening on {}", platform.server.url(""));
    std::io::stdout().flush()
}

/// A stream that has a byte to read once a signal has come.
fn signals() -> std::io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(reader)
}
