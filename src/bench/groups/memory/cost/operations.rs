//! The operations whose allocations are counted, each in steps that are done again and again.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, StatusCode};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::runtime::Runtime;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tower::util::ServiceExt;

use super::recorded::Recorded;
use crate::backend::agent::{AgentStage, LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
use crate::backend::api::{self, ApiConfig, Parts};
use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::bench::Platform;
use crate::bench::heap::{AllocationCount, OwnArena};

const SEED: u64 = 20;

const REQUEST: &str = "Our API bill doubled in a week. What should we change?";

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

/// The steps in which an operation is done, again and again, on a thread of its own.
pub(super) trait Steps {
    /// Different steps.
    const STEPS: u32;

    /// Operations of one step. Where steps and operations are powers of two, a count divided by them is exact.
    const OPERATIONS: u32;

    /// Prepares the work on `runtime`.
    fn new(runtime: &Runtime) -> Self;

    /// What a step allocates. `beside` is to be called with each operation.
    fn step(&mut self, step: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> AllocationCount;
}

const RECEIVERS: u32 = 64;

const PAYLOAD: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// Bytes that a pipe holds: more than a message.
const PIPE: usize = 1_024;

/// Bytes of a frame's head, for a payload of less than 126 bytes (RFC 6455, 5.2).
const HEAD: usize = 2;

pub struct DeliverySteps {
    hub: Broadcaster,
    receivers: Vec<WebSocketStream<DuplexStream>>,
}

impl Steps for DeliverySteps {
    const STEPS: u32 = 1;
    const OPERATIONS: u32 = RECEIVERS;

    fn new(runtime: &Runtime) -> Self {
        let hub = Broadcaster::new(BroadcasterConfig::default());
        let receivers = (0..RECEIVERS).map(|_| runtime.block_on(join_audience(&hub))).collect();
        Self { hub, receivers }
    }

    /// A message that is published and received by all receivers.
    fn step(&mut self, _: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> AllocationCount {
        let text = format!(r#"{{"message":{{"room":"audience","payload":"{PAYLOAD}"}}}}"#);
        let mut frame = [0; PIPE];
        let frame = &mut frame[..HEAD + text.len()];
        let spent = arena.during(|| runtime.block_on(self.deliver(frame, beside)));
        assert!(frame.ends_with(text.as_bytes()), "receivers got {:?}", String::from_utf8_lossy(frame));
        spent
    }
}

impl DeliverySteps {
    async fn deliver(&mut self, frame: &mut [u8], beside: &dyn Fn()) {
        assert_eq!(self.hub.publish("audience", PAYLOAD).expect("a text"), self.receivers.len());
        for receiver in &mut self.receivers {
            receiver.get_mut().read_exact(frame).await.expect("an open connection");
            beside();
        }
    }
}

async fn join_audience(hub: &Broadcaster) -> WebSocketStream<DuplexStream> {
    let (server, client) = duplex(PIPE);
    let server = WebSocketStream::from_raw_socket(server, Role::Server, Some(hub.websocket_config())).await;
    let hub = hub.clone();
    tokio::spawn(async move { hub.serve(server).await });
    let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
    client.send(r#"{"join":"audience"}"#.into()).await.expect("an open connection");
    client.next().await.expect("an open connection").expect("an answer");
    client
}

/// Runs of the agent against a simulated model that answers at once, both on the thread that is counted.
pub(super) struct AgentSteps {
    supervisor: Supervisor,
    /// What answers, for as long as it is asked.
    _llm: SimulatedLlm,
}

impl Steps for AgentSteps {
    const STEPS: u32 = 1;
    const OPERATIONS: u32 = 1;

    fn new(runtime: &Runtime) -> Self {
        let llm = runtime.block_on(SimulatedLlm::start(LatencyProfile::zero(), SEED));
        let llm = llm.expect("a port on loopback");
        let client = Llm::new(llm.llm_config()).expect("a client without TLS");
        Self { supervisor: Supervisor::new(client, SupervisorConfig::default()), _llm: llm }
    }

    fn step(&mut self, _: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> AllocationCount {
        arena.during(|| {
            runtime.block_on(async {
                let report = self.supervisor.run(REQUEST).await.expect("the simulated model answers");
                assert_eq!(report.stages.len(), AgentStage::ALL.len());
                beside();
            });
        })
    }
}
