//! ClickHouse over TLS, which `socat` ends in front of the server.

use std::process::Command;

use backend_bench::backend::database::{ClickHouse, PoolOptions};
use backend_bench::bench::services::clickhouse::{ClickHouseSources, VARIABLE, start_from};

use crate::certificate::Certificate;
use crate::encrypted::Encrypted;
use crate::keeps_events;
use crate::servers::Server;

fn sources(url: &str) -> ClickHouseSources {
    ClickHouseSources { url: Some(url.to_owned()), cluster: None, ..ClickHouseSources::of_this_machine() }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_through_tls_to_a_server_that_is_trusted_and_to_no_other() {
    let certificate = Certificate::make();
    let server = Server::start().await;
    let encrypted = Encrypted::before(&format!("127.0.0.1:{}", server.port()), &certificate);
    let url = server.url_through(encrypted.port).replace("http://", "https://");
    let of_part = ClickHouse::open(&url, "test", PoolOptions::default()).await.unwrap_err().to_string();
    let of_benches = start_from(&sources(&url)).unwrap_err().to_string();
    for error in [of_part, of_benches] {
        assert!(error.contains("certificate") && error.contains("SSL_CERT_FILE"), "{error}");
    }
    assert!(trusts(&certificate, &url));
}

/// Whether a process that trusts the certificate works with the server.
fn trusts(certificate: &Certificate, url: &str) -> bool {
    let mut trusting = Command::new(std::env::current_exe().unwrap());
    trusting.args(["--exact", "clickhouse::process_that_trusts_the_certificate", "--ignored"]);
    let ended = trusting.env(VARIABLE, url).env("SSL_CERT_FILE", certificate.path()).status();
    ended.unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "no test of its own: the process that another starts, since who is trusted is decided once"]
async fn process_that_trusts_the_certificate() {
    let Ok(url) = std::env::var(VARIABLE) else { return };
    assert_eq!(start_from(&sources(&url)).unwrap().metadata().settings, ["TLS"]);
    let database = ClickHouse::open(&url, "encrypted", PoolOptions::default()).await.unwrap();
    keeps_events(&database).await;
    database.remove_database().await.unwrap();
}
