//! ClickHouse over TLS.

use std::process::Command;

use backend_bench::backend::database::{ClickHouse, Corpus, Database, PoolOptions};
use backend_bench::bench::services::clickhouse::{Sources, VARIABLE, start_from};

use crate::certificate::Certificate;
use crate::servers::{Server, free_port, start_oldest_in};

/// The server, and its URL with TLS.
async fn encrypted(certificate: &Certificate) -> (Server, String) {
    let port = free_port();
    let more = format!(
        "<https_port>{port}</https_port><openSSL><server><certificateFile>{}</certificateFile>\
         <privateKeyFile>{}</privateKeyFile><verificationMode>none</verificationMode></server></openSSL>",
        certificate.path().display(),
        certificate.key().display()
    );
    let server = start_oldest_in(tempfile::tempdir().unwrap(), &more).await;
    let url = server.url_through(port).replace("http://", "https://");
    (server, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_through_tls_to_a_server_that_is_trusted_and_to_no_other() {
    let certificate = Certificate::make();
    let (_server, url) = encrypted(&certificate).await;
    let error = ClickHouse::open(&url, "test", PoolOptions::default()).await.unwrap_err().to_string();
    assert!(error.contains("certificate") && error.contains("SSL_CERT_FILE"), "{error}");
    let sources = Sources { url: Some(url.clone()), cluster: None, ..Sources::of_this_machine() };
    let error = start_from(&sources).unwrap_err().to_string();
    assert!(error.contains("certificate") && error.contains("SSL_CERT_FILE"), "{error}");
    let mut trusting = Command::new(std::env::current_exe().unwrap());
    trusting.args(["--exact", "clickhouse::process_that_trusts_the_certificate", "--ignored"]);
    trusting.env(VARIABLE, url).env("SSL_CERT_FILE", certificate.path());
    assert!(trusting.status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "no test of its own: the process that another starts, since who is trusted is decided once"]
async fn process_that_trusts_the_certificate() {
    let Ok(url) = std::env::var(VARIABLE) else { return };
    let sources = Sources { url: Some(url.clone()), cluster: None, ..Sources::of_this_machine() };
    assert_eq!(start_from(&sources).unwrap().facts().settings, ["TLS"]);
    let database = ClickHouse::open(&url, "encrypted", PoolOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    let events: Vec<_> = Corpus::new(11).take(5_000).collect();
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.event(4_321).await.unwrap().as_ref(), Some(&events[4_320]));
    database.remove_database().await.unwrap();
}
