//! Targets that no load can be sent to: exit code 2, with the reason and the remedy, and no hang.

use std::fs;

use axum::http::StatusCode;

use super::programs::{EXAMPLE, Programs};
use super::servers::{closed, echoing, silent};

/// Runs the bench with `variables`, which it refuses, and returns what it said.
fn refused(bench: &str, variables: &[(&str, &str)]) -> String {
    let ended = Programs::get().bench(bench, &["--test"], |command| {
        command.envs(variables.iter().copied());
    });
    let said = String::from_utf8(ended.stderr).expect("a bench prints UTF-8");
    assert_eq!(ended.status.code(), Some(2), "{variables:?}: {said}");
    assert!(said.contains("error: "), "{said}");
    said
}

/// The categories that measure what an API answers refuse `url` and say `reason`.
fn refuse(url: &str, reason: &str) {
    for bench in ["api", "concurrent"] {
        let said = refused(bench, &[("API_URL", url)]);
        assert!(said.contains(reason), "{bench} with {url}: {said}");
    }
}

#[test]
fn a_url_that_is_none_does_not_resolve_or_needs_tls_is_refused() {
    refuse("nowhere", "give a base, as in http://127.0.0.1:8080");
    refuse("http://no-such-host.invalid", "the host no-such-host.invalid does not resolve");
    if cfg!(not(feature = "tls")) {
        refuse("https://127.0.0.1:1", "build with `--features tls`");
    }
}

#[test]
fn another_machine_is_refused_unless_it_is_mine() {
    refuse("http://192.0.2.1:1", "--target-is-mine");
    let said = refused("database", &[("DATABASE_URL", "postgres://me:hunter2@192.0.2.1/db")]);
    assert!(said.contains("DATABASE_URL: 192.0.2.1") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_server_that_does_not_answer_as_it_should_is_refused_before_any_load() {
    refuse(&format!("http://{}", closed()), "refused");
    let said = refused("websocket", &[("API_URL", &*format!("http://{}", closed()))]);
    assert!(said.contains("operation `WebSocket` failed") && said.contains("start it"), "{said}");
    let (address, requests) = echoing(StatusCode::OK);
    refuse(&format!("http://{address}"), "[[users.operation]]");
    assert!(
        requests.load(std::sync::atomic::Ordering::SeqCst) <= 4,
        "two handshakes and no load: {requests:?}"
    );
}

#[test]
fn a_server_that_accepts_and_never_answers_is_refused_by_the_deadline() {
    let (address, _listener) = silent();
    let file = example(&[("deadline_ms = 5_000", "deadline_ms = 200")]);
    let (api, socket) = (format!("http://{address}"), format!("ws://{address}"));
    let said = refused("api", &[("API_URL", &api), ("WS_URL", &socket), file.variable()]);
    assert!(said.contains("no answer in 200ms") && said.contains("deadline_ms"), "{said}");
}

#[test]
fn a_wrong_file_is_refused_with_the_line() {
    let broken = [
        ("count = 100 ", "count = 0 ", "0 is out of range: give 1 to 100000"),
        ("percent = 40", "percent = 50", "add up to 110 %"),
        ("think_ms", "thinks_ms", "unknown field `thinks_ms`"),
        ("[users]", "api_token = \"hunter2\"\n[users]", "API_TOKEN"),
    ];
    for (good, bad, reason) in broken {
        let file = example(&[(good, bad)]);
        // In every category: none measures with a part of the file.
        let said = refused("database", &[file.variable()]);
        assert!(said.contains(reason) && said.contains("mine.toml:"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

/// A copy of the example with changes.
struct Copy {
    _folder: tempfile::TempDir,
    path: String,
}

impl Copy {
    fn variable(&self) -> (&'static str, &str) {
        ("BENCH_CONFIG", &self.path)
    }
}

fn example(changes: &[(&str, &str)]) -> Copy {
    let text = fs::read_to_string(EXAMPLE).expect("the example");
    let edited = changes.iter().fold(text, |text, (good, bad)| {
        assert!(text.contains(good), "no {good:?} in the example");
        text.replacen(good, bad, 1)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    fs::write(&path, edited).expect("a file");
    Copy { path: path.display().to_string(), _folder: folder }
}
