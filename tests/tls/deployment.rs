//! A deployment behind TLS: our API, and `socat` that ends the encryption in front of it.

use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::certificate::Certificate;
use crate::programs::{Programs, Served};
use crate::servers::free_port;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes encrypted connections for another server, until this is dropped.
struct Encrypted {
    socat: Child,
    port: u16,
}

impl Encrypted {
    fn before(served: &Served, certificate: &Certificate) -> Self {
        let port = free_port();
        let listen = format!(
            "OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,verify=0,cert={},key={}",
            certificate.path().display(),
            certificate.key().display()
        );
        let socat = Command::new("socat").args([listen, served.url.replace("http://", "TCP:")]).spawn();
        let socat = socat.unwrap_or_else(|error| panic!("socat: {error}: apt-get install socat"));
        let encrypted = Self { socat, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "socat does not listen");
        }
        encrypted
    }

    /// What a bench that measures it once says, where `trusted` names certificates; and its exit code.
    fn measured(&self, bench: &str, trusted: Option<&Certificate>) -> (Option<i32>, String) {
        let ended = Programs::get().bench(bench, &["--test"], |command| {
            command.env("API_URL", format!("https://127.0.0.1:{}", self.port));
            command.env_remove("SSL_CERT_FILE").envs(trusted.map(|it| ("SSL_CERT_FILE", it.path())));
        });
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.code(), String::from_utf8(said).expect("a bench prints UTF-8"))
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = self.socat.kill();
        let _ = self.socat.wait();
    }
}

#[test]
fn a_deployment_is_measured_over_https_and_wss_where_its_certificate_is_trusted() {
    let (served, certificate) = (Served::start(), Certificate::make());
    let encrypted = Encrypted::before(&served, &certificate);
    for (bench, row) in [("api", "api/response/chat"), ("websocket", "websocket/round_trip_p95")] {
        let (code, said) = encrypted.measured(bench, Some(&certificate));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("Testing {row}\nSuccess")), "{said}");
    }
}

#[test]
fn a_deployment_with_another_certificate_is_refused_with_the_remedy() {
    let (served, certificate) = (Served::start(), Certificate::make());
    let encrypted = Encrypted::before(&served, &certificate);
    for (bench, trusted) in [("api", None), ("websocket", None), ("websocket", Some(Certificate::make()))] {
        let (code, said) = encrypted.measured(bench, trusted.as_ref());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("certificate") && said.contains("SSL_CERT_FILE"), "{said}");
    }
}
