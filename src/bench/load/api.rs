//! A user's side of the API: what each operation sends, and what it has to answer.

use std::sync::Arc;

use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use super::chat::Room;
use super::mix::{Mix, MixError, Operation};
use super::outcome::{ErrorKind, Failure};
use super::{Session, Target};
use crate::backend::database::corpus;

/// How much of a body that was not expected a failure shows, in characters.
const SHOWN: usize = 200;

/// Where the ranges begin that users query, in events of the corpus that our databases are filled with.
const QUERIES: [i64; 8] = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000];

/// The events in each range.
const QUERY_EVENTS: i64 = 1_000;

/// What a user uploads: 16 KiB.
const FILE: &[u8] = &[b'x'; 16 * 1024];

/// One thing that a user of our API does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiOperation {
    /// Asks an agent over HTTP, and waits for its answer in a room on the WebSocket.
    Chat,
    /// Runs an analytics query, which the cache may know the answer of.
    DataQuery,
    /// Uploads a file.
    FileUpload,
    /// Asks whether the service is well.
    Status,
    /// Writes a setting.
    Settings,
}

/// What users of our API do, in parts of a hundred.
pub const SEED_MIX: [(ApiOperation, u32); 5] = [
    (ApiOperation::Chat, 40),
    (ApiOperation::DataQuery, 25),
    (ApiOperation::FileUpload, 10),
    (ApiOperation::Status, 15),
    (ApiOperation::Settings, 10),
];

impl ApiOperation {
    /// Its name in the mix, and so in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::DataQuery => "data query",
            Self::FileUpload => "file upload",
            Self::Status => "status",
            Self::Settings => "settings",
        }
    }

    /// [`SEED_MIX`], by name.
    fn mix() -> Result<Mix, MixError> {
        Mix::new(SEED_MIX.map(|(operation, share)| (operation.name(), f64::from(share))))
    }
}

/// An API at a URL.
#[derive(Debug, Clone)]
pub struct ApiTarget {
    base: Url,
    mix: Arc<Mix>,
    http: reqwest::Client,
}

/// Why no load can be sent to a URL.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL does not parse, or is not of HTTP.
    #[error("{url:?} is no target ({problem}): give a base, as in http://127.0.0.1:8080")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Its users do nothing that could be drawn.
    #[error(transparent)]
    Mix(#[from] MixError),
    /// The HTTP client could not be built.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

impl ApiTarget {
    /// The API whose paths begin at `url`.
    ///
    /// # Errors
    /// `url` is no URL of HTTP.
    pub fn new(url: &str) -> Result<Self, TargetError> {
        let refused = |problem: String| TargetError::Url { url: url.to_owned(), problem };
        let base = url.parse::<Url>().map_err(|error| refused(error.to_string()))?;
        if base.scheme() != "http" {
            return Err(refused(format!("its scheme is {}", base.scheme())));
        }
        let mix = Arc::new(ApiOperation::mix()?);
        Ok(Self { base, mix, http: reqwest::Client::builder().no_proxy().build()? })
    }
}

impl Target for ApiTarget {
    type Session = ApiSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.mix)
    }

    fn session(&self, user: usize) -> ApiSession {
        let base = self.base.as_str().trim_end_matches('/').to_owned();
        ApiSession { base, http: self.http.clone(), user, room: None, thread: None, operations: 0 }
    }
}

/// One user of the API: a thread to chat in, and a WebSocket over which answers come.
#[derive(Debug)]
pub struct ApiSession {
    base: String,
    http: reqwest::Client,
    user: usize,
    room: Option<Room>,
    thread: Option<i64>,
    operations: usize,
}

impl Session for ApiSession {
    async fn prepare(&mut self) {
        self.room = self.joined().await.ok();
        let _ = self.status().await;
    }

    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        self.operations += 1;
        match SEED_MIX[operation.position() % SEED_MIX.len()].0 {
            ApiOperation::Chat => self.chat().await,
            ApiOperation::DataQuery => self.data_query().await,
            ApiOperation::FileUpload => self.file_upload().await,
            ApiOperation::Status => self.status().await,
            ApiOperation::Settings => self.settings().await,
        }
    }
}

impl ApiSession {
    /// Puts a request to the agent, and waits for the answer in the user's room. A WebSocket on which something went
    /// wrong, the deadline included, is not used again.
    async fn chat(&mut self) -> Result<(), Failure> {
        let mut room = match self.room.take() {
            Some(room) => room,
            None => self.joined().await?,
        };
        let thread = self.thread().await?;
        let request =
            format!("User {} asks, as the {}th thing today: what did we spend?", self.user, self.operations);
        let run = json!({"request": request, "thread_id": thread, "room": self.room_name()});
        let run = answer(self.http.post(self.url("/agent/runs")).json(&run), 200).await?;
        room.hear(
            run["answer"].as_str().filter(|answer| !answer.is_empty()).ok_or_else(|| unexpected(&run))?,
        )
        .await?;
        self.room = Some(room);
        Ok(())
    }

    async fn data_query(&self) -> Result<(), Failure> {
        let skip = QUERIES[(self.user + self.operations) % QUERIES.len()];
        let range = corpus::window(skip, QUERY_EVENTS);
        let query = format!("/analytics?from_us={}&to_us={}", range.start, range.end);
        let usage = answer(self.http.get(self.url(&query)), 200).await?;
        expect(&usage, |usage| usage["models"].as_array().is_some_and(|models| !models.is_empty()))
    }

    async fn file_upload(&self) -> Result<(), Failure> {
        let file = Part::bytes(FILE).file_name(format!("load-{}.bin", self.user));
        let form = Form::new().part("file", file);
        let upload = answer(self.http.post(self.url("/files")).multipart(form), 201).await?;
        expect(&upload, |upload| upload["bytes"] == FILE.len())
    }

    async fn status(&self) -> Result<(), Failure> {
        let health = answer(self.http.get(self.url("/health")), 200).await?;
        expect(&health, |health| health["status"] == "ok")
    }

    async fn settings(&self) -> Result<(), Failure> {
        let name = format!("load.user-{}", self.user);
        let setting = json!({ &name: self.operations });
        let settings = answer(self.http.put(self.url("/settings")).json(&setting), 200).await?;
        expect(&settings, |settings| settings[&name] == self.operations)
    }

    async fn joined(&self) -> Result<Room, Failure> {
        Room::join(&self.url("/ws").replacen("http", "ws", 1), &self.room_name()).await
    }

    /// The user's thread, started with the first message.
    async fn thread(&mut self) -> Result<i64, Failure> {
        if let Some(thread) = self.thread {
            return Ok(thread);
        }
        let title = json!({"title": format!("Load of user {}", self.user)});
        let thread = answer(self.http.post(self.url("/threads")).json(&title), 201).await?;
        let id = thread["id"].as_i64().ok_or_else(|| unexpected(&thread))?;
        self.thread = Some(id);
        Ok(id)
    }

    fn room_name(&self) -> String {
        format!("load-{}", self.user)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// The JSON that answers a request, where it comes with the status expected.
async fn answer(request: RequestBuilder, expected: u16) -> Result<Value, Failure> {
    let response = request.send().await.map_err(|error| broken(&error))?;
    let status = response.status().as_u16();
    let body = response.text().await.map_err(|error| broken(&error))?;
    if status != expected {
        return Err(Failure::of_status(status, shown(&body)));
    }
    serde_json::from_str(&body).map_err(|error| {
        Failure::new(ErrorKind::Protocol, format_args!("no JSON ({error}): {}", shown(&body)))
    })
}

fn expect(body: &Value, expected: impl Fn(&Value) -> bool) -> Result<(), Failure> {
    if expected(body) { Ok(()) } else { Err(unexpected(body)) }
}

fn unexpected(body: &Value) -> Failure {
    Failure::new(ErrorKind::Protocol, format_args!("the wrong answer: {}", shown(&body.to_string())))
}

fn broken(error: &reqwest::Error) -> Failure {
    let kind = if error.is_connect() { ErrorKind::Refused } else { ErrorKind::Protocol };
    let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Failure::new(kind, format_args!("{error}{reason}"))
}

fn shown(body: &str) -> String {
    body.chars().take(SHOWN).collect()
}
