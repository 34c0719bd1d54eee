//! What cannot be opened is named with the remedy, and without the password.

use std::time::Duration;

use backend_bench::backend::database::{ClickHouse, Error, PoolOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{fresh_name, shared_server};

/// The error of opening `url`, which has to be of the kind for that.
async fn refused(url: &str) -> String {
    let error = ClickHouse::open(url, "test", PoolOptions::default()).await.unwrap_err();
    let (text, shown) = (error.to_string(), format!("{error:?}"));
    assert!(matches!(error, Error::Open { .. }), "{url}: {text}");
    assert!(!text.contains("ecret") && !shown.contains("ecret"), "{text} {shown}");
    text
}

#[tokio::test]
async fn a_wrong_user_or_password_is_told() {
    let server = shared_server().await;
    let port = server.port();
    for who in ["bench:wrong-secret", "stranger:s%40ecret", "bench"] {
        let error = refused(&format!("http://{who}@127.0.0.1:{port}")).await;
        assert!(error.contains("correct user and password") && error.contains("Code: "), "{error}");
        assert!(error.contains(&format!("http://127.0.0.1:{port}/test")), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for place in [format!("127.0.0.1:{unused}"), "no-such-host.invalid:8123".to_owned()] {
        let error = refused(&format!("http://bench:s%40ecret@{place}")).await;
        assert!(error.contains(&place) && error.contains("check that the server runs"), "{error}");
        assert!(error.contains("onnect") || error.contains("dns"), "{error}");
    }
}

/// An HTTP server that gives every request the same answer.
async fn answering(status: &'static str, answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            assert_ne!(client.read(&mut request).await.unwrap(), 0);
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", answer.len());
            client.write_all(&[head.as_bytes(), answer].concat()).await.unwrap();
        }
    });
    format!("http://bench:s%40ecret@127.0.0.1:{port}")
}

#[tokio::test]
async fn a_server_that_is_too_old_or_another_is_refused() {
    let old = refused(&answering("200 OK", b"\x0718.16.1\x010").await).await;
    assert!(old.contains("18.16.1") && old.contains("23.1") && old.contains("upgrade"), "{old}");
    for answer in [&b"<html><body>It works!</body></html>"[..], b"", b"\x02Hi\x010"] {
        let other = refused(&answering("200 OK", answer).await).await;
        let told = other.contains("check that the server runs") || other.contains("not as a ClickHouse");
        assert!(told, "{other}");
    }
}

#[tokio::test]
async fn a_server_that_fails_is_an_error_with_its_answer() {
    let error = refused(&answering("503 Service Unavailable", b"come back later").await).await;
    assert!(error.contains("come back later") && error.contains("check that the server runs"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://bench:s%40ecret@127.0.0.1:{}", silent.local_addr().unwrap().port());
    let options = PoolOptions { query_timeout: Duration::from_millis(100), ..PoolOptions::default() };
    let error = ClickHouse::open(&url, "test", options).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.to_string().contains("100ms"), "{error}");
}

#[tokio::test]
async fn nothing_that_is_shown_has_the_password() {
    let server = shared_server().await;
    let database = ClickHouse::open(&server.url, &fresh_name(), PoolOptions::default()).await.unwrap();
    let shown = format!("{database:?} {database:#?}");
    assert!(shown.contains(&server.port().to_string()) && !shown.contains("ecret"), "{shown}");
}
