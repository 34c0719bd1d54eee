//! The user's own deployment: our API as a process of its own, measured from outside; and targets that are none.

#[path = "deployment/failures.rs"]
mod failures;
#[path = "deployment/programs.rs"]
mod programs;
#[path = "deployment/refused.rs"]
mod refused;
#[path = "deployment/servers.rs"]
mod servers;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use backend_bench::bench::load::{Load, Model, Population, Target, drive};
use programs::{Programs, Served, deployment};

/// Eight hasty users for a moment.
fn load() -> Load {
    let model = Model::Closed(Population::new(8, Duration::from_millis(5)));
    Load { deadline: Duration::from_secs(20), ..Load::new("eight users", model, Duration::from_millis(500)) }
}

#[test]
fn the_example_drives_our_api_in_another_process_which_leaves_nothing() {
    let served = Served::start();
    let api =
        deployment(&[("API_URL", &served.url), ("WS_URL", &served.websocket())]).api().unwrap().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(api.rehearse()).unwrap_or_else(|error| panic!("{error}"));
    let recording = runtime.block_on(drive(&load(), Arc::new(api.clone()))).unwrap();
    assert_eq!(recording.whole().failures, 0, "{recording}");
    for operation in api.mix().operations() {
        assert!(recording.of(operation).operations > 0, "{recording}");
    }
    served.ends_and_leaves_nothing();
}

/// What a category measured of a deployment, in a home of its own.
struct Measured(tempfile::TempDir);

impl Measured {
    fn by(bench: &'static str, arguments: &[&str], served: &Served) -> Self {
        let home = tempfile::tempdir().unwrap();
        let ended = Programs::get().bench(bench, arguments, |command| {
            command
                .env("API_URL", &served.url)
                .env("API_TOKEN", "hunter2")
                .env("CRITERION_HOME", home.path());
        });
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        Self(home)
    }

    fn metadata(&self, category: &str) -> String {
        fs::read_to_string(self.0.path().join(format!("bench-gate-facts/{category}.json"))).expect("metadata")
    }

    fn has(&self, id: &str) -> bool {
        self.0.path().join(id).join("new/estimates.json").is_file()
    }
}

#[test]
fn the_api_category_measures_a_deployment_and_its_report_says_which() {
    let served = Served::start();
    let metadata = Measured::by("api", &["--bench", "response/status"], &served).metadata("api");
    let place = served.url.trim_start_matches("http://");
    let said = [
        &*format!("\"major\": \"{place}\""),
        &format!("API_URL ({})", served.url),
        "authorization (not shown)",
    ];
    assert!(said.iter().all(|text| metadata.contains(text)) && !metadata.contains("hunter2"), "{metadata}");
    served.ends_and_leaves_nothing();
}

#[test]
fn the_websocket_category_measures_a_deployment_and_leaves_out_what_only_our_hub_knows() {
    let served = Served::start();
    let measured = Measured::by("websocket", &["--bench"], &served);
    let ids = ["connect", "round_trip_p95", "throughput", "broadcast"];
    assert_eq!(ids.map(|id| measured.has(&format!("websocket/{id}"))), [true, true, false, false]);
    let metadata = measured.metadata("websocket");
    let left_out = ["throughput/5000", "only our own hub", &*format!("WebSocket {}", served.websocket())];
    assert!(left_out.iter().all(|text| metadata.contains(text)), "{metadata}");
    served.ends_and_leaves_nothing();
}
