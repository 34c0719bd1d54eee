//! `socat`, which ends TLS in front of a server without it.

use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use backend_bench::bench::services::free_port;

use crate::certificate::Certificate;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes encrypted connections for another server, until this is dropped.
pub struct Encrypted {
    socat: Child,
    pub port: u16,
}

impl Encrypted {
    /// In front of the server at `address` (`127.0.0.1:8123`).
    pub fn before(address: &str, certificate: &Certificate) -> Self {
        let port = free_port().expect("a free port");
        let listen = format!(
            "OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,verify=0,cert={},key={}",
            certificate.path().display(),
            certificate.key().display()
        );
        let socat = Command::new("socat").args([listen, format!("TCP:{address}")]).spawn();
        let socat = socat.unwrap_or_else(|error| panic!("socat: {error}: apt-get install socat"));
        let (encrypted, begun) = (Self { socat, port }, Instant::now());
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "socat does not listen");
        }
        encrypted
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = self.socat.kill();
        let _ = self.socat.wait();
    }
}
