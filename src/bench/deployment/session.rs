//! One user of a deployment.

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response};

use super::operation::{Http, Plan, filled};
use super::socket::Socket;
use super::target::DeployedApi;
use crate::bench::load::{ErrorKind, Failure, Operation, Session};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// How much of a body that was not expected a failure shows, in characters.
const SHOWN: usize = 200;

/// A user's WebSocket, and how much the user has done.
#[derive(Debug)]
pub struct DeployedSession {
    api: DeployedApi,
    user: usize,
    turn: usize,
    socket: Option<Socket>,
}

impl Session for DeployedSession {
    async fn prepare(&mut self) {
        if self.api.users().plans.iter().any(Plan::talks) {
            self.socket = self.connected().await.ok();
        }
    }

    async fn admitted(&mut self, operation: Operation) {
        if let Some(plan) = self.api.plan(operation) {
            self.api.admit(plan.requests()).await;
        }
    }

    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        self.turn += 1;
        let api = self.api.clone();
        let plan = api.plan(operation);
        let plan = plan.ok_or_else(|| Failure::new(ErrorKind::Protocol, "an operation of another mix"))?;
        let done = if plan.talks() { self.talk(plan).await } else { self.ask(plan).await };
        done.map_err(|Failure { kind, detail }| Failure { kind, detail: api.redact(&detail) })
    }
}

impl DeployedSession {
    pub(super) fn new(api: DeployedApi, user: usize) -> Self {
        Self { api, user, turn: 0, socket: None }
    }

    /// A WebSocket on which something went wrong, the deadline included, is not used again.
    async fn talk(&mut self, plan: &Plan) -> Result<(), Failure> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.connected().await?,
        };
        if let Some(message) = &plan.send {
            socket.send(filled(message, self.user, self.turn)).await?;
        }
        self.ask(plan).await?;
        if let Some(reply) = &plan.reply {
            socket.hear(&filled(reply, self.user, self.turn)).await?;
        }
        self.socket = Some(socket);
        Ok(())
    }

    /// The handshake is a request as well.
    async fn connected(&self) -> Result<Socket, Failure> {
        self.api.admit(1).await;
        self.api.socket().await
    }

    async fn ask(&self, plan: &Plan) -> Result<(), Failure> {
        let Some(http) = &plan.http else { return Ok(()) };
        let mut response = self.request(http).send().await.map_err(broken)?;
        let status = response.status().as_u16();
        let body = body(&mut response).await?;
        let expected = http.contains.as_deref().map(|text| filled(text, self.user, self.turn));
        match expected {
            _ if status != http.status => Err(unexpected_status(status, http.status, &body)),
            Some(text) if !body.contains(&text) => Err(Failure::new(
                ErrorKind::Protocol,
                format_args!("the answer does not contain {text:?}: {}", shown(&body)),
            )),
            _ => Ok(()),
        }
    }

    fn request(&self, http: &Http) -> RequestBuilder {
        let request = self.api.request(http.method.clone(), &filled(&http.path, self.user, self.turn));
        match &http.body {
            Some((text, kind)) => request.header(CONTENT_TYPE, kind).body(filled(text, self.user, self.turn)),
            None => request,
        }
    }
}

async fn body(response: &mut Response) -> Result<String, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            let detail = format_args!("an answer of more than {} MiB", LARGEST >> 20);
            return Err(Failure::new(ErrorKind::Protocol, detail));
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn unexpected_status(status: u16, expected: u16, body: &str) -> Failure {
    Failure::of_status(status, format_args!("expected {expected}: {}", shown(body)))
}

fn broken(error: reqwest::Error) -> Failure {
    let kind = if error.is_connect() { ErrorKind::Refused } else { ErrorKind::Protocol };
    let error = error.without_url();
    let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let causes = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    Failure::new(kind, format_args!("{error}: {causes}"))
}

fn shown(body: &str) -> String {
    body.chars().take(SHOWN).collect()
}
