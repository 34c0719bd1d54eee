//! Requests to the API, called as a service: what hyper and the sockets take is left out, and what the database takes
//! ([`Recorded`]).

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, StatusCode};
use tokio::runtime::Runtime;
use tower::util::ServiceExt;

use super::recorded::Recorded;
use super::steps::Steps;
use crate::backend::agent::LatencyProfile;
use crate::backend::api::{self, ApiConfig, Parts};
use crate::bench::Platform;
use crate::bench::heap::{AllocationCount, OwnArena};

/// Events in the database.
const EVENTS: usize = 1_000;

const MESSAGE: &str = r#"{"content": "Our latency doubled. What should we look at first?"}"#;

const ANALYTICS: &str = "/analytics?from_us=0&to_us=2000000000000000";

/// What is asked for: the same each time, so that analytics come from the cache.
const SCRIPT: [(Method, &str, &str); 8] = [
    (Method::GET, "/health", ""),
    (Method::GET, "/settings", ""),
    (Method::PUT, "/settings", r#"{"theme": "dark", "retries": 3}"#),
    (Method::POST, "/threads/1/messages", MESSAGE),
    (Method::GET, "/threads/1/messages?limit=10", ""),
    (Method::GET, "/threads?limit=10", ""),
    (Method::GET, ANALYTICS, ""),
    (Method::GET, ANALYTICS, ""),
];

pub struct RequestSteps {
    api: Router,
    /// What the endpoints work with, for as long as they are asked.
    _platform: Platform,
}

impl Steps for RequestSteps {
    const STEPS: u32 = 8;
    const OPERATIONS: u32 = 1;

    fn new(runtime: &Runtime) -> Self {
        runtime.block_on(async {
            let platform = Platform::start(LatencyProfile::zero(), EVENTS).await;
            let platform = platform.unwrap_or_else(|error| panic!("the platform does not start: {error}"));
            let recorded = Recorded::of(platform.parts.conversations.clone()).await;
            let recorded = Arc::new(recorded.unwrap_or_else(|error| panic!("the database failed: {error}")));
            let parts = Parts { conversations: recorded, ..platform.parts.clone() };
            let api = api::router(parts, ApiConfig::new(platform.folder().join("uploads")));
            Self { api, _platform: platform }
        })
    }

    fn step(&mut self, step: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> AllocationCount {
        let (method, path, body) = &SCRIPT[step as usize];
        let request = request(method, path, body);
        arena.during(|| {
            runtime.block_on(answer(&self.api, request));
            beside();
        })
    }
}

fn request(method: &Method, path: &str, body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
    request.body(Body::from(body)).expect("a request")
}

/// Asks, and reads the answer to its end.
async fn answer(api: &Router, request: Request<Body>) {
    let response = api.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("an answer in memory");
    assert!(matches!(status, StatusCode::OK | StatusCode::CREATED), "{status}: {body:?}");
    assert!(body.len() > 1, "an empty answer");
}
