//! The simulated endpoint: requests in, tokens out at their times.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_io::Timer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::future::Either;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::model::{self, LatencyProfile};
use super::protocol::{self, ChatRequest};

/// What all requests share.
#[derive(Debug)]
pub(super) struct SimulatedService {
    profile: LatencyProfile,
    seed: u64,
    stop: CancellationToken,
    pub(super) faults: FaultQueue,
    requests: AtomicU64,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

pub(super) fn router(service: Arc<SimulatedService>) -> Router {
    Router::new().route("/v1/chat/completions", post(chat)).with_state(service)
}

impl SimulatedService {
    pub(super) fn new(profile: LatencyProfile, seed: u64, stop: CancellationToken) -> Self {
        Self {
            profile,
            seed,
            stop,
            faults: FaultQueue::default(),
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        }
    }

    pub(super) fn answer_to(&self, prompt: &str) -> Vec<&'static str> {
        model::tokens(self.seed, prompt)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::Relaxed)
    }
}

/// A request in progress: counted from its arrival until its answer ends or the client disconnects.
struct InFlight {
    service: Arc<SimulatedService>,
    number: u64,
    arrived: Instant,
}

impl InFlight {
    fn new(service: Arc<SimulatedService>) -> Self {
        let now = service.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        service.most_in_flight.fetch_max(now, Ordering::Relaxed);
        let number = service.requests.fetch_add(1, Ordering::Relaxed);
        Self { service, number, arrived: Instant::now() }
    }

    /// The time of each of `tokens` tokens.
    fn schedule(&self, tokens: usize) -> impl DoubleEndedIterator<Item = Instant> {
        let waits = self.service.profile.schedule(self.service.seed, self.number, tokens);
        waits.into_iter().map(|wait| self.arrived + wait)
    }

    /// The events of a streamed answer and their times: all, or the first half of the tokens if it is cut off.
    fn events(&self, prompt: &str, cut_off: bool) -> Vec<(Instant, Event)> {
        let tokens = self.service.answer_to(prompt);
        let events = self.schedule(tokens.len()).zip(tokens.iter().map(|token| protocol::token_event(token)));
        if cut_off {
            return events.take(tokens.len() / 2).collect();
        }
        let mut events: Vec<_> = events.collect();
        let end = events.last().map_or(self.arrived, |(time, _)| *time);
        events.extend([(end, protocol::finish_event(prompt, tokens.len())), (end, protocol::done_event())]);
        events
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.service.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn chat(State(service): State<Arc<SimulatedService>>, Json(request): Json<ChatRequest>) -> Response {
    let stop = service.stop.clone();
    let answer = stop.run_until_cancelled(answer(InFlight::new(service), request)).await;
    answer.unwrap_or_else(|| refusal(StatusCode::SERVICE_UNAVAILABLE, "the simulated LLM stops"))
}

async fn answer(in_flight: InFlight, request: ChatRequest) -> Response {
    let Some(prompt) = request.prompt() else {
        return refusal(StatusCode::BAD_REQUEST, "messages is empty: send at least one");
    };
    match in_flight.service.faults.pop() {
        Some(LlmFault::Status { code, retry_after }) => status(code, retry_after),
        Some(LlmFault::Hang) => future::pending().await,
        fault if request.stream => streamed(in_flight, prompt, fault),
        _ => whole(&in_flight, prompt).await,
    }
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(protocol::error(message))).into_response()
}

fn status(code: u16, retry_after: Option<Duration>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = refusal(status, "simulated fault");
    if let Some(wait) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
    }
    response
}

async fn whole(in_flight: &InFlight, prompt: &str) -> Response {
    let tokens = in_flight.service.answer_to(prompt);
    if let Some(end) = in_flight.schedule(tokens.len()).next_back() {
        wait_until(end).await;
    }
    Json(protocol::completion(prompt, &tokens)).into_response()
}

fn streamed(in_flight: InFlight, prompt: &str, fault: Option<LlmFault>) -> Response {
    let events = in_flight.events(prompt, fault.is_some());
    let end = match fault {
        Some(LlmFault::HangMidway) => Either::Left(stream::pending()),
        _ => Either::Right(stream::empty()),
    };
    let stop = in_flight.service.stop.clone().cancelled_owned();
    let events = stream::iter(events).then(|(time, event)| async move {
        wait_until(time).await;
        event
    });
    let counted = move |event| {
        let _in_flight = &in_flight;
        Ok::<Event, Infallible>(event)
    };
    Sse::new(events.chain(end).take_until(stop).map(counted)).into_response()
}

/// By `async-io`'s timer: tokio's has a resolution of 1 ms, too coarse for tokens that are 0.4 ms apart. The example
/// `timer_precision` measures both.
async fn wait_until(time: Instant) {
    if time > Instant::now() {
        Timer::at(time).await;
    }
}

/// What a request gets in place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LlmFault {
    /// An HTTP status, with a `Retry-After` in whole seconds if a wait is given.
    Status {
        /// The status code; 500 in place of a code that HTTP does not allow.
        code: u16,
        /// The wait that the server asks for.
        retry_after: Option<Duration>,
    },
    /// Silence, until the client disconnects or the server stops.
    Hang,
    /// The first half of the answer, then silence.
    HangMidway,
    /// The first half of the answer, then a regular end of the stream.
    CutOff,
}

impl LlmFault {
    /// An HTTP status without a `Retry-After`.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None }
    }
}

/// The faults of coming requests, run-length encoded; `None` stands for a regular answer.
#[derive(Debug, Default)]
pub(super) struct FaultQueue(Mutex<VecDeque<(usize, Option<LlmFault>)>>);

impl FaultQueue {
    pub(super) fn push(&self, times: usize, fault: Option<LlmFault>) {
        if times > 0 {
            self.0.lock().push_back((times, fault));
        }
    }

    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }

    pub(super) fn pop(&self) -> Option<LlmFault> {
        let mut queue = self.0.lock();
        let (times, fault) = queue.front_mut()?;
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            queue.pop_front();
        }
        fault
    }
}
