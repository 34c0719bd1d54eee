//! A deployment behind TLS: our API, and `socat` that ends the encryption in front of it.

use crate::certificate::Certificate;
use crate::encrypted::Encrypted;
use crate::programs::{Programs, Served};

/// What a bench prints that measures it once, where `trusted` names certificates; and its exit code.
fn measured(encrypted: &Encrypted, bench: &str, trusted: Option<&Certificate>) -> (Option<i32>, String) {
    let ended = Programs::get().bench(bench, &["--test"], |command| {
        command.env("API_URL", format!("https://127.0.0.1:{}", encrypted.port));
        command.env_remove("SSL_CERT_FILE").envs(trusted.map(|it| ("SSL_CERT_FILE", it.path())));
    });
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8(said).expect("a bench prints UTF-8"))
}

#[test]
fn a_deployment_is_measured_over_https_and_wss_where_its_certificate_is_trusted() {
    let (served, certificate) = (Served::start(), Certificate::make());
    let encrypted = Encrypted::before(served.url.trim_start_matches("http://"), &certificate);
    for (bench, row) in [("api", "api/response/chat"), ("websocket", "websocket/round_trip_p95")] {
        let (code, said) = measured(&encrypted, bench, Some(&certificate));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("Testing {row}\nSuccess")), "{said}");
    }
}

#[test]
fn a_deployment_with_another_certificate_is_refused_with_the_remedy() {
    let (served, certificate) = (Served::start(), Certificate::make());
    let encrypted = Encrypted::before(served.url.trim_start_matches("http://"), &certificate);
    for (bench, trusted) in [("api", None), ("websocket", None), ("websocket", Some(Certificate::make()))] {
        let (code, said) = measured(&encrypted, bench, trusted.as_ref());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("certificate") && said.contains("SSL_CERT_FILE"), "{said}");
    }
}
