//! Limits of size and time, and the end.

use std::time::Duration;

use backend_bench::backend::api::{ApiConfig, ApiServer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn with(change: impl FnOnce(&mut ApiConfig)) -> Platform {
    Platform::start_with(LatencyProfile::typical(), 0, change).await.unwrap()
}

/// What the server answers to these bytes, sent as they are, until it hangs up.
async fn raw(platform: &Platform, bytes: &str) -> String {
    let mut stream = TcpStream::connect(platform.server.address()).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let platform = with(|config| (config.max_body_bytes, config.max_upload_bytes) = (1_000, 10_000)).await;
    let (status, error) = post(&platform, "/threads", &json!({"title": "x".repeat(1_000)})).await;
    assert_eq!((status.as_u16(), &error["error"]["code"]), (413, &json!("too_large")));
    let (status, error) = send(upload(&platform, "large.bin", vec![0; 10_000])).await;
    assert_eq!((status.as_u16(), &error["error"]["code"]), (413, &json!("too_large")));
    assert_eq!(uploads(&platform).len(), 0, "half a file was left");
    let (status, _) = send(upload(&platform, "small.bin", vec![0; 5_000])).await;
    assert_eq!(status, 201, "uploads have a limit of their own");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let platform = with(|config| config.request_timeout = Duration::from_millis(50)).await;
    let (status, error) = post(&platform, "/agent/runs", &json!({"request": "Why?"})).await;
    assert_eq!((status.as_u16(), &error["error"]["code"]), (504, &json!("timeout")));
    assert!(error["error"]["message"].as_str().unwrap().contains("50ms"), "{error}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let platform = with(|config| config.body_timeout = Duration::from_millis(50)).await;
    let head =
        "POST /threads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    let answer = raw(&platform, head).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"slow_body\""), "{answer}");
    let head = "POST /files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\
                Content-Length: 999\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"a.txt\"\r\n\r\nthe start";
    let answer = raw(&platform, head).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"slow_body\""), "{answer}");
    assert_eq!(uploads(&platform).len(), 0, "half a file was left");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let platform = with(|config| config.idle_timeout = Duration::from_millis(50)).await;
    assert!(!raw(&platform, "GET /health HT").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn shutdown_lets_a_request_end_and_closes_the_port() {
    let platform = Platform::start(LatencyProfile::typical().faster(20), 0).await.unwrap();
    let (url, address) = (platform.server.url("/agent/runs"), platform.server.address());
    let run = tokio::spawn(send(client().post(url).json(&json!({"request": "Why?"}))));
    while platform.llm.requests() == 0 {
        tokio::task::yield_now().await;
    }
    platform.shutdown().await.unwrap();
    assert_eq!(run.await.unwrap().0, 200);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let platform = with(|config| config.shutdown_timeout = Duration::from_millis(20)).await;
    platform.llm.fail_next(1, backend_bench::backend::agent::LlmFault::Hang);
    let request = client().post(platform.server.url("/agent/runs")).json(&json!({"request": "Why?"}));
    let run = tokio::spawn(request.send());
    while platform.llm.requests() == 0 {
        tokio::task::yield_now().await;
    }
    platform.shutdown().await.unwrap();
    assert!(run.await.unwrap().is_err(), "the connection was kept");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let platform = platform().await;
    let mut config = ApiConfig::new(platform.folder().join("uploads"));
    config.address = platform.server.address();
    let error = ApiServer::start(platform.parts.clone(), config).await.map(drop).unwrap_err().to_string();
    assert!(error.contains(&platform.server.address().to_string()) && error.contains("free port"), "{error}");
    let config = ApiConfig::new(platform.folder().join("platform.db/uploads"));
    let error = ApiServer::start(platform.parts.clone(), config).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("platform.db/uploads") && error.contains("written to"), "{error}");
}
