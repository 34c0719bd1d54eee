//! The users of a platform: what each of their operations sends, and what has to answer it.

use std::sync::Arc;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::backend::database::corpus;
use crate::bench::deployment::{DeployedApi, DeploymentError, Socket, answer};
use crate::bench::load::{ErrorKind, Failure, Mix, Operation, Target, UserSession};

/// What users do, in percent. [`PlatformSession::perform`] knows the operations by their position.
const MIX: [(&str, f64); 5] =
    [("chat", 40.0), ("data_query", 25.0), ("file_upload", 10.0), ("status", 15.0), ("settings", 10.0)];

/// Where the ranges begin that users query, in events of the corpus, and the events in each range.
const RANGES: [i64; 8] = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000];
const RANGE_EVENTS: i64 = 1_000;

/// What a user uploads: 16 KiB.
const FILE: &[u8] = &[b'x'; 16 * 1024];

/// The API of a platform, as its users see it.
pub struct PlatformApi {
    api: DeployedApi,
    mix: Arc<Mix>,
}

/// One user: a thread to chat in, and a WebSocket in a room over which answers come.
pub struct PlatformSession {
    api: DeployedApi,
    user: usize,
    turn: usize,
    room: String,
    socket: Option<Socket>,
    thread: Option<i64>,
}

impl PlatformApi {
    /// The platform at `url`.
    ///
    /// # Errors
    /// `url` is no URL of HTTP on this machine.
    ///
    /// # Panics
    /// Never: the shares of the mix are constants that add up.
    pub fn at(url: &str) -> Result<Self, DeploymentError> {
        let mix = Arc::new(Mix::new(MIX).expect("shares that add up to 100"));
        Ok(Self { api: DeployedApi::ours(url)?, mix })
    }
}

impl Target for PlatformApi {
    type Session = PlatformSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.mix)
    }

    fn session(&self, user: usize) -> PlatformSession {
        let (api, room) = (self.api.clone(), format!("load-{user}"));
        PlatformSession { api, user, turn: 0, room, socket: None, thread: None }
    }
}

impl UserSession for PlatformSession {
    async fn prepare(&mut self) {
        self.socket = self.joined().await.ok();
        let _ = self.status().await;
    }

    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        self.turn += 1;
        match operation.position() {
            0 => self.chat().await,
            1 => self.data_query().await,
            2 => self.file_upload().await,
            3 => self.status().await,
            _ => self.settings().await,
        }
    }
}

impl PlatformSession {
    /// Posts a run to the agent, and waits for its answer over HTTP and in the user's room. A WebSocket on which something
    /// went wrong, the deadline included, is not used again.
    async fn chat(&mut self) -> Result<(), Failure> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.joined().await?,
        };
        let answer = self.answered().await?;
        socket.hear(&format!(r#""answer":{}"#, json!(answer))).await?;
        self.socket = Some(socket);
        Ok(())
    }

    /// The agent's answer over HTTP.
    async fn answered(&mut self) -> Result<String, Failure> {
        let thread = self.thread().await?;
        let request =
            format!("User {} asks, as the {}th thing today: what did we spend?", self.user, self.turn);
        let run = json!({"request": request, "thread_id": thread, "room": self.room});
        let run = json_of(self.request(Method::POST, "/agent/runs").json(&run), 200).await?;
        let answer = run["answer"].as_str().filter(|answer| !answer.is_empty());
        answer.map(str::to_owned).ok_or_else(|| unexpected(&run))
    }

    async fn data_query(&self) -> Result<(), Failure> {
        let skip = RANGES[(self.user + self.turn) % RANGES.len()];
        let range = corpus::window(skip, RANGE_EVENTS);
        let path = format!("/analytics?from_us={}&to_us={}", range.start, range.end);
        let usage = json_of(self.request(Method::GET, &path), 200).await?;
        expect(&usage, |usage| usage["models"].as_array().is_some_and(|models| !models.is_empty()))
    }

    async fn file_upload(&self) -> Result<(), Failure> {
        let file = Part::bytes(FILE).file_name(format!("load-{}.bin", self.user));
        let form = Form::new().part("file", file);
        let upload = json_of(self.request(Method::POST, "/files").multipart(form), 201).await?;
        expect(&upload, |upload| upload["bytes"] == FILE.len())
    }

    async fn status(&self) -> Result<(), Failure> {
        let health = json_of(self.request(Method::GET, "/health"), 200).await?;
        expect(&health, |health| health["status"] == "ok")
    }

    async fn settings(&self) -> Result<(), Failure> {
        let name = format!("load.user-{}", self.user);
        let setting = json!({ &name: self.turn });
        let settings = json_of(self.request(Method::PUT, "/settings").json(&setting), 200).await?;
        expect(&settings, |settings| settings[&name] == self.turn)
    }

    async fn joined(&self) -> Result<Socket, Failure> {
        let mut socket = self.api.socket().await?;
        socket.send(json!({ "join": self.room }).to_string()).await?;
        socket.hear(&json!({ "joined": self.room }).to_string()).await?;
        Ok(socket)
    }

    /// The user's thread, started with the first chat.
    async fn thread(&mut self) -> Result<i64, Failure> {
        if let Some(thread) = self.thread {
            return Ok(thread);
        }
        let title = json!({"title": format!("Load of user {}", self.user)});
        let thread = json_of(self.request(Method::POST, "/threads").json(&title), 201).await?;
        let id = thread["id"].as_i64().ok_or_else(|| unexpected(&thread))?;
        self.thread = Some(id);
        Ok(id)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.api.request(method, path)
    }
}

/// The JSON that answers `request` with the `expected` status.
async fn json_of(request: RequestBuilder, expected: u16) -> Result<Value, Failure> {
    let body = answer(request, expected).await?;
    serde_json::from_str(&body)
        .map_err(|error| Failure::new(ErrorKind::Protocol, format_args!("no JSON: {error}")))
}

fn expect(body: &Value, expected: impl Fn(&Value) -> bool) -> Result<(), Failure> {
    if expected(body) { Ok(()) } else { Err(unexpected(body)) }
}

fn unexpected(body: &Value) -> Failure {
    Failure::new(ErrorKind::Protocol, format_args!("a wrong answer: {body}"))
}
