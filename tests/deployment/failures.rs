//! What goes wrong under load is counted: it never hangs, and never makes a number better.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use backend_bench::bench::deployment::{DeployedApi, Deployment};
use backend_bench::bench::load::{ErrorKind, Load, Model, Population, Recording, drive};

use super::servers::{echoing, silent};

/// The API at `address`, whose users ask one thing and expect 200, with `users` as further lines of the table.
fn api(address: SocketAddr, users: &str) -> DeployedApi {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.toml");
    let operation = "[[users.operation]]\nname = \"ask\"\npercent = 100\npath = \"/\"\n";
    std::fs::write(&path, format!("schema_version = 1\n[users]\n{users}\n{operation}")).unwrap();
    let deployment = Deployment::of_variables(|name| match name {
        "BENCH_CONFIG" => Some(path.display().to_string()),
        "API_URL" => Some(format!("http://{address}")),
        "API_TOKEN" => Some("hunter2".to_owned()),
        _ => None,
    });
    deployment.unwrap().api().unwrap().unwrap()
}

fn driven(api: DeployedApi, users: usize) -> Recording {
    let model = Model::Closed(Population::new(users, Duration::ZERO));
    let load = Load {
        deadline: Duration::from_millis(100),
        ..Load::new("users", model, Duration::from_millis(400))
    };
    tokio::runtime::Runtime::new().unwrap().block_on(drive(&load, Arc::new(api))).unwrap()
}

#[test]
fn an_unexpected_status_is_counted_and_a_token_that_comes_back_is_not_shown() {
    let recording = driven(api(echoing(StatusCode::INTERNAL_SERVER_ERROR).0, "think_ms = 0"), 4);
    let whole = recording.whole();
    assert!(whole.operations > 4 && whole.operations == whole.failures, "{recording}");
    assert!(recording.failures().into_keys().all(|(_, kind)| kind == ErrorKind::ServerError));
    assert!(
        whole.percentile(1.0) >= Duration::from_millis(100),
        "a failure made a number better: {recording}"
    );
    let told = recording.to_string();
    assert!(told.contains("you sent [redacted]") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_server_that_accepts_and_never_answers_is_counted() {
    let (address, _listener) = silent();
    let recording = driven(api(address, "think_ms = 0"), 4);
    assert!(recording.whole().operations >= 4, "{recording}");
    assert!(recording.failures().into_keys().all(|(_, kind)| kind == ErrorKind::Timeout), "{recording}");
    assert_eq!(recording.whole().failures, recording.whole().operations);
}

#[test]
fn a_cap_on_the_rate_is_honoured_and_is_no_latency() {
    let (address, count) = echoing(StatusCode::OK);
    let recording = driven(api(address, "requests_per_second = 50.0"), 8);
    let whole = recording.whole();
    // In 0.4 s: one at once, and one each 20 ms.
    assert!((2..=21).contains(&count.load(Ordering::SeqCst)), "{count:?}: {recording}");
    assert_eq!(
        whole.failures, 0,
        "with eight users and a deadline of 100 ms, waiting for the cap would fail"
    );
}

#[test]
fn a_rehearsal_says_what_to_do() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rehearsed = |address| runtime.block_on(api(address, "deadline_ms = 100").rehearse());
    assert!(rehearsed(echoing(StatusCode::OK).0).is_ok());
    let unauthorized = rehearsed(echoing(StatusCode::UNAUTHORIZED).0).unwrap_err().to_string();
    assert!(unauthorized.contains("set API_TOKEN") && !unauthorized.contains("hunter2"), "{unauthorized}");
    let other = rehearsed(echoing(StatusCode::CREATED).0).unwrap_err().to_string();
    assert!(other.contains("operation `ask`") && other.contains("HTTP 201: expected 200"), "{other}");
}
