//! The limits that this project brings along: what is lost of what they name is noticed.

use crate::common::{Ended, Project, saved};

/// Those of our own API, and those of the deployment in `examples/deployment`.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../baselines/thresholds.toml");
const DEPLOYED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/deployment/thresholds.toml");

/// The operations of `examples/deployment/bench.toml`.
const OPERATIONS: [&str; 5] = ["chat", "data_query", "file_upload", "status", "settings"];

/// The endpoints of our API.
const ENDPOINTS: [&str; 7] = ["health", "threads", "messages", "files", "analytics", "settings", "agent"];

/// The category `api`, with these responses, held to the limits in `thresholds`.
fn judged(responses: &[&str], thresholds: &str) -> Ended {
    let project = Project::empty();
    for name in responses {
        project.save(&saved(&format!("api/response/{name}")).mean(5e6));
    }
    project.save(&saved("api/concurrent/500x50").mean(1e9).elements(500));
    project.save(&saved("api/throughput").mean(1e8).elements(200)).save(&saved("api/response_p95").mean(5e6));
    project.check(&["api", "--thresholds", thresholds])
}

#[test]
fn an_endpoint_that_our_api_has_lost_is_missing() {
    judged(&ENDPOINTS, OURS).exits(0);
    let lost = judged(&ENDPOINTS[1..], OURS).exits(2);
    lost.prints("only 6 of 7 for `api/response/*`").prints("UNDECIDED");
}

#[test]
fn a_deployment_has_limits_of_its_own_by_which_nothing_gets_lost_either() {
    judged(&OPERATIONS, OURS).exits(2);
    judged(&OPERATIONS, DEPLOYED).exits(0);
    judged(&OPERATIONS[1..], DEPLOYED).exits(2).prints("only 4 of 5 for `api/response/*`");
}

/// Only a backend in the process of the benches has them.
#[test]
fn a_deployment_is_held_to_nothing_that_cannot_be_seen_of_it() {
    let project = Project::empty();
    let limits = project.gate(&["thresholds", "--thresholds", DEPLOYED]).exits(0);
    let ours = project.gate(&["thresholds", "--thresholds", OURS]).exits(0);
    for unseen in ["concurrent/faults/", "heap_trend", "concurrent/peak_", "memory/", "database/"] {
        limits.is_silent_about(unseen);
        ours.prints(unseen);
    }
    limits.prints("concurrent/max_users").prints("api/response_p95");
}
