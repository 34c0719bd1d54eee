//! The endpoints: what is sent to each, and what has to come back.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Request, RequestBuilder};
use serde_json::{Value, json};

use super::EVENTS;
use crate::backend::database::corpus;
use crate::bench::Platform;

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
pub(super) enum Endpoint {
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

impl Endpoint {
    pub const ALL: [Self; 7] = [
        Self::Health,
        Self::Threads,
        Self::Messages,
        Self::Files,
        Self::Analytics,
        Self::Settings,
        Self::Agent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Threads => "threads",
            Self::Messages => "messages",
            Self::Files => "files",
            Self::Analytics => "analytics",
            Self::Settings => "settings",
            Self::Agent => "agent",
        }
    }

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

/// An API to send requests to.
#[derive(Clone)]
pub(super) struct Target {
    client: Client,
    url: String,
    upload: Bytes,
    uploads: PathBuf,
}

impl Target {
    /// A client of the platform's API, which is given some threads and settings.
    pub async fn new(platform: &Platform) -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let client = client.unwrap_or_else(|error| panic!("no HTTP client: {error}"));
        let target = Self {
            client,
            url: platform.server.url(""),
            upload: vec![b'x'; UPLOAD].into(),
            uploads: platform.folder().join("uploads"),
        };
        for thread in 0..THREADS {
            target.prepare(target.post("/threads", &json!({"title": format!("thread {thread}")}))).await;
        }
        let settings = target.client.put(format!("{}/settings", target.url));
        target.prepare(settings.json(&json!({"theme": "dark", "retries": 3}))).await;
        target
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

    /// The request of an endpoint; where there are several, they take turns.
    pub fn request(&self, endpoint: Endpoint, turn: u64) -> Request {
        let request = match endpoint {
            Endpoint::Health => self.get("/health"),
            Endpoint::Threads => self.get(&format!("/threads?limit={THREADS}")),
            Endpoint::Messages => self.post("/threads/1/messages", &json!({ "content": CONTENT })),
            Endpoint::Files => self.client.post(format!("{}/files", self.url)).multipart(self.form()),
            Endpoint::Analytics => self.get(&analytics(turn)),
            Endpoint::Settings => self.get("/settings"),
            Endpoint::Agent => self.post("/agent/runs", &json!({ "request": CONTENT })),
        };
        request.build().unwrap_or_else(|error| panic!("no request for /{}: {error}", endpoint.name()))
    }

    fn form(&self) -> Form {
        let length = self.upload.len() as u64;
        Form::new()
            .part("file", Part::stream_with_length(self.upload.clone(), length).file_name("trace 1.json"))
    }

    /// Checks an answer, and removes the file that it is about: the folder stays as it was, however many are
    /// uploaded.
    ///
    /// # Panics
    /// It is the wrong answer.
    pub fn check(&self, endpoint: Endpoint, body: &Bytes) {
        let answer: Value =
            serde_json::from_slice(body).unwrap_or_else(|error| panic!("/{}: {error}", endpoint.name()));
        assert!(endpoint.is_right(&answer), "/{} answered {answer}", endpoint.name());
        if let Some(file) = answer["stored_as"].as_str() {
            let removed = fs::remove_file(self.uploads.join(file));
            assert!(removed.is_ok(), "the upload {file} is not there: {removed:?}");
        }
    }

    /// The body of the answer.
    ///
    /// # Panics
    /// There is none, or its status is not that of a success.
    pub async fn send(&self, endpoint: Endpoint, request: Request) -> Bytes {
        let answered = async {
            let response = self.client.execute(request).await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        let (status, body) = answered.await.unwrap_or_else(|error| panic!("/{}: {error}", endpoint.name()));
        assert_eq!(status, endpoint.status(), "/{} answered {body:?}", endpoint.name());
        body
    }
}

fn analytics(turn: u64) -> String {
    let step = (i64::from(EVENTS) - ADDED_UP) / RANGES;
    let range = corpus::window(turn.cast_signed() % RANGES * step, ADDED_UP);
    format!("/analytics?from_us={}&to_us={}", range.start, range.end)
}
