//! The endpoints of a platform as a target of load: what is sent to each, and what has to come back.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Request, RequestBuilder};
use serde_json::{Value, json};

use crate::backend::database::corpus;
use crate::bench::Platform;
use crate::bench::load::{ErrorKind, Failure, Mix, Operation, Target, UserSession};

/// Events in the database, of which each analytics query adds up 500.
pub(super) const EVENTS: u32 = 10_000;

/// The longest that a request may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Bytes of an upload.
const UPLOAD: usize = 16 * 1024;

/// Threads to list.
const THREADS: usize = 20;

/// Events that each analytics query adds up.
const ADDED_UP: i64 = 500;

/// Ranges that take turns in analytics queries.
const RANGES: i64 = 100;

const CONTENT: &str = "Our latency doubled after the last deployment. What should we look at first?";

/// What is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    /// `GET /health`
    Health,
    /// `GET /threads`
    Threads,
    /// `POST /threads/{id}/messages`
    Messages,
    /// `POST /files`
    Files,
    /// `GET /analytics`
    Analytics,
    /// `GET /settings`
    Settings,
    /// `POST /agent/runs`
    Agent,
}

/// The endpoints, with their names in ids and their shares of the mix in percent: reads and writes of conversations for the
/// most part, as in an application that people use.
const ENDPOINTS: [(Endpoint, &str, f64); 7] = [
    (Endpoint::Health, "health", 5.0),
    (Endpoint::Threads, "threads", 30.0),
    (Endpoint::Messages, "messages", 25.0),
    (Endpoint::Files, "files", 5.0),
    (Endpoint::Analytics, "analytics", 20.0),
    (Endpoint::Settings, "settings", 10.0),
    (Endpoint::Agent, "agent", 5.0),
];

/// The names of the endpoints, in the order of the mix.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ENDPOINTS.iter().map(|(_, name, _)| *name)
}

/// The mix of all endpoints.
pub(super) fn mix() -> Mix {
    let mix = Mix::new(ENDPOINTS.map(|(_, name, share)| (name, share)));
    mix.unwrap_or_else(|error| panic!("the mix of the endpoints: {error}"))
}

impl Endpoint {
    fn status(self) -> u16 {
        if matches!(self, Self::Messages | Self::Files) { 201 } else { 200 }
    }

    fn is_right(self, answer: &Value) -> bool {
        let length = |field: &str| answer[field].as_array().map(Vec::len);
        match self {
            Self::Health => answer["status"] == "ok",
            Self::Threads => length("threads") == Some(THREADS),
            Self::Messages => answer["content"] == CONTENT,
            Self::Files => answer["bytes"] == UPLOAD,
            Self::Analytics => events(answer) == Some(ADDED_UP),
            Self::Settings => answer["theme"] == "dark",
            Self::Agent => length("stages") == Some(5) && answer["answer"].as_str() > Some(""),
        }
    }
}

fn events(answer: &Value) -> Option<i64> {
    answer["models"].as_array()?.iter().map(|model| model["events"].as_i64()).sum()
}

/// A platform's API.
pub(super) struct Endpoints(Arc<Shared>);

struct Shared {
    client: Client,
    url: String,
    upload: Bytes,
    uploads: PathBuf,
    mix: Arc<Mix>,
    /// Requests so far: where an endpoint has several, they take turns.
    turn: AtomicU64,
}

impl Target for Endpoints {
    type Session = EndpointSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.0.mix)
    }

    fn session(&self, _: usize) -> EndpointSession {
        EndpointSession { api: Arc::clone(&self.0), next: None, answers: Vec::new() }
    }
}

/// A client, which keeps its answers until they are checked, outside of what is timed.
pub(super) struct EndpointSession {
    api: Arc<Shared>,
    next: Option<Request>,
    answers: Vec<(Endpoint, Bytes)>,
}

impl UserSession for EndpointSession {
    /// Makes the request before it is timed.
    async fn admitted(&mut self, operation: Operation) {
        self.next = Some(self.api.request(ENDPOINTS[operation.position()].0));
    }

    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        let (endpoint, ..) = ENDPOINTS[operation.position()];
        let request = self.next.take().unwrap_or_else(|| self.api.request(endpoint));
        let answered = self.api.answer(request).await;
        let (status, body) =
            answered.map_err(|error| Failure::new(ErrorKind::Protocol, format_args!("{error:?}")))?;
        if status != endpoint.status() {
            return Err(Failure::of_status(status, format_args!("{body:?}")));
        }
        self.answers.push((endpoint, body));
        Ok(())
    }
}

impl EndpointSession {
    /// Checks the answers, and removes the files that they are about: the folder stays as it was, however many are
    /// uploaded.
    ///
    /// # Panics
    /// One is wrong.
    pub fn check(&mut self, endpoints: &Endpoints) {
        for (endpoint, body) in self.answers.drain(..) {
            let answer: Value =
                serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{endpoint:?}: {error}"));
            assert!(endpoint.is_right(&answer), "{endpoint:?} answered {answer}");
            if let Some(file) = answer["stored_as"].as_str() {
                let removed = fs::remove_file(endpoints.0.uploads.join(file));
                assert!(removed.is_ok(), "the upload {file} is missing: {removed:?}");
            }
        }
    }
}

impl Endpoints {
    /// A client of the platform's API, which gets some threads and settings.
    pub async fn new(platform: &Platform) -> Self {
        let client = Client::builder().no_proxy().timeout(DEADLINE).build();
        let api = Shared {
            client: client.unwrap_or_else(|error| panic!("no HTTP client: {error}")),
            url: platform.server.url(""),
            upload: vec![b'x'; UPLOAD].into(),
            uploads: platform.folder().join("uploads"),
            mix: Arc::new(mix()),
            turn: AtomicU64::new(0),
        };
        for thread in 0..THREADS {
            api.prepare(api.post("/threads", &json!({"title": format!("thread {thread}")}))).await;
        }
        let settings = api.client.put(format!("{}/settings", api.url));
        api.prepare(settings.json(&json!({"theme": "dark", "retries": 3}))).await;
        Self(Arc::new(api))
    }
}

impl Shared {
    /// Status and body.
    async fn answer(&self, request: Request) -> Result<(u16, Bytes), reqwest::Error> {
        let response = self.client.execute(request).await?;
        Ok((response.status().as_u16(), response.bytes().await?))
    }

    async fn prepare(&self, request: RequestBuilder) {
        let answered = request.send().await.and_then(reqwest::Response::error_for_status);
        assert!(answered.is_ok(), "the API could not be prepared: {answered:?}");
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).json(body)
    }

    fn request(&self, endpoint: Endpoint) -> Request {
        let request = match endpoint {
            Endpoint::Health => self.get("/health"),
            Endpoint::Threads => self.get(&format!("/threads?limit={THREADS}")),
            Endpoint::Messages => self.post("/threads/1/messages", &json!({ "content": CONTENT })),
            Endpoint::Files => self.client.post(format!("{}/files", self.url)).multipart(self.form()),
            Endpoint::Analytics => self.get(&analytics(self.turn.fetch_add(1, Relaxed))),
            Endpoint::Settings => self.get("/settings"),
            Endpoint::Agent => self.post("/agent/runs", &json!({ "request": CONTENT })),
        };
        request.build().unwrap_or_else(|error| panic!("no request for {endpoint:?}: {error}"))
    }

    fn form(&self) -> Form {
        let length = self.upload.len() as u64;
        Form::new()
            .part("file", Part::stream_with_length(self.upload.clone(), length).file_name("trace 1.json"))
    }
}

fn analytics(turn: u64) -> String {
    let step = (i64::from(EVENTS) - ADDED_UP) / RANGES;
    let range = corpus::window(turn.cast_signed() % RANGES * step, ADDED_UP);
    format!("/analytics?from_us={}&to_us={}", range.start, range.end)
}
