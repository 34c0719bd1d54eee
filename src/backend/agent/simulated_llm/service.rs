//! The simulated endpoint: requests in, tokens out in their time.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::stream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer;
use super::clock::Clock;
use super::fault::{Fault, Faults};
use super::latency::LatencyProfile;
use super::protocol::{self, ChatRequest, Events};
use super::script::Script;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Service {
    profile: LatencyProfile,
    seed: u64,
    stop: CancellationToken,
    pub(super) clock: Clock,
    events: Events,
    pub(super) faults: Faults,
    requests: AtomicU64,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new().route("/v1/chat/completions", post(chat)).with_state(service)
}

impl Service {
    pub(super) fn new(profile: LatencyProfile, seed: u64, stop: CancellationToken) -> Self {
        Self {
            profile,
            seed,
            clock: Clock::new(stop.clone()),
            stop,
            events: Events::new(),
            faults: Faults::default(),
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        }
    }

    pub(super) fn answer_to(&self, prompt: &str) -> Vec<&'static str> {
        answer::tokens(self.seed, prompt)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::Relaxed)
    }
}

/// A request being answered: counted from its arrival to the end of its answer, whichever way that comes.
struct InFlight {
    service: Arc<Service>,
    number: u64,
    arrived: Instant,
}

impl InFlight {
    fn enter(service: Arc<Service>) -> Self {
        let now = service.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        service.most_in_flight.fetch_max(now, Ordering::Relaxed);
        let number = service.requests.fetch_add(1, Ordering::Relaxed);
        Self { service, number, arrived: Instant::now() }
    }

    /// The time of each of `tokens` tokens.
    fn schedule(&self, tokens: usize) -> Vec<Instant> {
        let after = self.service.profile.schedule(self.service.seed, self.number, tokens);
        after.into_iter().map(|wait| self.arrived + wait).collect()
    }

    /// Waits for `time`; not at all where it has come. False where the server stops first.
    async fn until(&self, time: Instant) -> bool {
        self.service.clock.until(time).await
    }

    /// What is streamed in answer to `prompt`.
    fn script(&self, prompt: &str, fault: Option<Fault>) -> Script {
        let tokens = self.service.answer_to(prompt);
        Script::new(&self.service.events, prompt, &tokens, &self.schedule(tokens.len()), fault)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.service.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn chat(State(service): State<Arc<Service>>, Json(request): Json<ChatRequest>) -> Response {
    let request_in_flight = InFlight::enter(service);
    let Some(prompt) = request.prompt() else {
        return refusal(StatusCode::BAD_REQUEST, "messages is empty: send at least one");
    };
    match request_in_flight.service.faults.next() {
        Some(Fault::Status { code, retry_after }) => simulated_status(code, retry_after),
        Some(Fault::Hang) => silence(&request_in_flight).await,
        fault if request.stream => streamed(request_in_flight, prompt, fault),
        _ => at_once(&request_in_flight, prompt).await,
    }
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(protocol::error(message))).into_response()
}

fn simulated_status(code: u16, retry_after: Option<Duration>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = refusal(status, "simulated fault");
    if let Some(wait) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
    }
    response
}

async fn silence(request: &InFlight) -> Response {
    request.service.stop.cancelled().await;
    refusal(StatusCode::SERVICE_UNAVAILABLE, "the simulated LLM stops")
}

async fn at_once(request: &InFlight, prompt: &str) -> Response {
    let tokens = request.service.answer_to(prompt);
    match request.schedule(tokens.len()).last() {
        Some(end) if !request.until(*end).await => silence(request).await,
        _ => Json(protocol::whole(prompt, &tokens)).into_response(),
    }
}

fn streamed(request: InFlight, prompt: &str, fault: Option<Fault>) -> Response {
    let script = request.script(prompt, fault);
    let frames = stream::unfold((request, script), |(request, mut script)| async move {
        let Some(due) = script.due() else {
            if script.silent {
                request.service.stop.cancelled().await;
            }
            return None;
        };
        let heard = request.until(due).await;
        heard.then(|| (Ok::<_, Infallible>(script.take_due(Instant::now())), (request, script)))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(frames)).into_response()
}
