//! One user of a deployment, and the rehearsal before there is any load.

use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response};
use tokio::time::timeout;

use super::api::DeployedApi;
use super::error::DeploymentError;
use super::plan::{Plan, PlannedRequest};
use super::socket::Socket;
use crate::bench::load::{ErrorKind, Failure, Mix, Operation, Target, UserSession};

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

impl Target for DeployedApi {
    type Session = DeployedSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.users().mix)
    }

    fn session(&self, user: usize) -> DeployedSession {
        DeployedSession { api: self.clone(), user, turn: 0, socket: None }
    }
}

impl DeployedApi {
    /// Does every operation once, in the order of the mix, before there is any load.
    ///
    /// # Errors
    /// One of them fails, or is not answered within the deadline.
    pub async fn rehearse(&self) -> Result<(), DeploymentError> {
        let mut session = self.session(0);
        for operation in self.mix().operations() {
            session.admitted(operation).await;
            self.rehearsed(self.mix().name(operation), session.perform(operation)).await?;
        }
        Ok(())
    }

    /// Connects to its WebSocket once and waits for the answer to a ping, before there is any load.
    ///
    /// # Errors
    /// Either fails, or takes longer than the deadline.
    pub(crate) async fn rehearse_socket(&self) -> Result<(), DeploymentError> {
        self.admit(2).await;
        let ping = async {
            let mut socket = self.socket().await?;
            socket.ping(0).await?;
            socket.leave().await;
            Ok(())
        };
        self.rehearsed("WebSocket", ping).await
    }

    async fn rehearsed(
        &self,
        operation: &str,
        work: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), DeploymentError> {
        let deadline = self.users().deadline;
        let late = |_| Err(Failure::new(ErrorKind::Timeout, format_args!("no answer in {deadline:?}")));
        timeout(deadline, work).await.unwrap_or_else(late).map_err(|failure| DeploymentError::Rehearsal {
            target: self.base().to_owned(),
            operation: operation.to_owned(),
            remedy: remedy(&failure, self.users().are_ours),
            failure: Failure { kind: failure.kind, detail: self.redact(&failure.detail) },
        })
    }
}

fn remedy(failure: &Failure, is_ours: bool) -> &'static str {
    let is = |status| failure.detail.starts_with(status);
    match failure.kind {
        _ if failure.detail.contains("certificate") => {
            "set SSL_CERT_FILE to a file with the trusted certificates, or correct the URL"
        }
        ErrorKind::Refused => "start it, or correct the URL",
        ErrorKind::Timeout => "repair it, or raise `deadline_ms`",
        _ if is("HTTP 401") || is("HTTP 403") => "set API_TOKEN, or BENCH_HEADERS to lines of `Name: value`",
        _ if is_ours => {
            "it does not answer as our own API does: describe its users in [[users.operation]] of bench.toml"
        }
        _ => "correct the operation in bench.toml, or repair the server",
    }
}

impl UserSession for DeployedSession {
    async fn prepare(&mut self) {
        if self.api.users().plans.iter().any(Plan::talks) {
            self.socket = self.connected().await.ok();
        }
    }

    async fn admitted(&mut self, operation: Operation) {
        if let Some(plan) = self.api.users().plans.get(operation.position()) {
            self.api.admit(plan.requests()).await;
        }
    }

    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        self.turn += 1;
        let plans = Arc::clone(&self.api.users().plans);
        let plan = plans.get(operation.position());
        let plan = plan.ok_or_else(|| Failure::new(ErrorKind::Protocol, "an operation of another mix"))?;
        let done = if plan.talks() { self.talk(plan).await } else { self.ask(plan).await };
        done.map_err(|Failure { kind, detail }| Failure { kind, detail: self.api.redact(&detail) })
    }
}

impl DeployedSession {
    /// A WebSocket on which something went wrong, the deadline included, is not used again.
    async fn talk(&mut self, plan: &Plan) -> Result<(), Failure> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.connected().await?,
        };
        if let Some(message) = &plan.send {
            socket.send(self.filled(message)).await?;
        }
        self.ask(plan).await?;
        if let Some(reply) = &plan.reply {
            socket.hear(&self.filled(reply)).await?;
        }
        self.socket = Some(socket);
        Ok(())
    }

    /// `text` with the user's number, and how many operations the user has begun.
    fn filled(&self, text: &str) -> String {
        text.replace("{user}", &self.user.to_string()).replace("{turn}", &self.turn.to_string())
    }

    /// The handshake is a request as well.
    async fn connected(&self) -> Result<Socket, Failure> {
        self.api.admit(1).await;
        self.api.socket().await
    }

    async fn ask(&self, plan: &Plan) -> Result<(), Failure> {
        let Some(planned) = &plan.request else { return Ok(()) };
        let body = answer(self.request(planned), planned.status).await?;
        let expected = planned.contains.as_deref().map(|text| self.filled(text));
        match expected {
            Some(text) if !body.contains(&text) => Err(Failure::new(
                ErrorKind::Protocol,
                format_args!("the answer does not contain {text:?}: {}", shown(&body)),
            )),
            _ => Ok(()),
        }
    }

    fn request(&self, planned: &PlannedRequest) -> RequestBuilder {
        let request = self.api.request(planned.method.clone(), &self.filled(&planned.path));
        match &planned.body {
            Some((text, kind)) => request.header(CONTENT_TYPE, kind).body(self.filled(text)),
            None => request,
        }
    }
}

/// The body that answers `request` with the `expected` status.
pub(crate) async fn answer(request: RequestBuilder, expected: u16) -> Result<String, Failure> {
    let mut response = request.send().await.map_err(broken)?;
    let (status, body) = (response.status().as_u16(), body(&mut response).await?);
    if status == expected {
        return Ok(body);
    }
    Err(Failure::of_status(status, format_args!("expected {expected}: {}", shown(&body))))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_in_and_other_braces_left() {
        let mut session = DeployedApi::ours("http://127.0.0.1:1").unwrap().session(7);
        session.turn = 3;
        assert_eq!(session.filled(r#"{"join":"room-{user}","n":{turn}}"#), r#"{"join":"room-7","n":3}"#);
    }
}
