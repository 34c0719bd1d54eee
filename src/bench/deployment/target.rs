//! The deployed API, found and allowed: what load is sent to.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use tokio::time::timeout;

use super::cap::RateCap;
use super::error::DeploymentError;
use super::file::Users;
use super::operation::Plan;
use super::place::{self, Form, Place};
use super::secrets::Secrets;
use super::session::DeployedSession;
use super::socket::Socket;
use super::{API_URL, Deployment, WS_URL};
use crate::bench::load::{ErrorKind, Failure, Mix, Operation, Session, Target};
use crate::bench::platform;
use crate::bench::services::EngineFacts;

const API: Form = Form { variable: API_URL, schemes: ["http", "https"], example: "http://127.0.0.1:8080" };
const SOCKET: Form = Form { variable: WS_URL, schemes: ["ws", "wss"], example: "ws://127.0.0.1:8080/ws" };

/// An API that load may be sent to. Clones share its connections and its cap.
#[derive(Clone)]
pub struct DeployedApi(Arc<Shared>);

struct Shared {
    place: Place,
    /// Where the users' side of a WebSocket leads, where they have one.
    socket: Option<Place>,
    http: Client,
    users: Users,
    cap: Option<RateCap>,
    secrets: Secrets,
}

impl fmt::Debug for DeployedApi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("DeployedApi").field(&self.base()).finish()
    }
}

impl Target for DeployedApi {
    type Session = DeployedSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.0.users.mix)
    }

    fn session(&self, user: usize) -> DeployedSession {
        DeployedSession::new(self.clone(), user)
    }
}

impl DeployedApi {
    /// The API of `deployment`, which has one.
    pub(super) fn of(deployment: &Deployment) -> Result<Self, DeploymentError> {
        let Deployment { users, secrets, is_mine, .. } = deployment;
        let place = Place::find(API, deployment.named(API_URL).unwrap_or_default(), *is_mine)?;
        let named = deployment.named(WS_URL).map(str::to_owned);
        let url = named.or_else(|| users.plans.iter().any(Plan::talks).then(|| beside(&place)));
        let socket = url.map(|url| Place::find(SOCKET, &url, *is_mine)).transpose()?;
        let http = client(&place, secrets).map_err(DeploymentError::Client)?;
        let (users, secrets, cap) = (users.clone(), secrets.clone(), users.cap.map(RateCap::new));
        Ok(Self(Arc::new(Shared { place, socket, http, users, cap, secrets })))
    }

    /// What its users do, and how many there may be.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.0.users
    }

    /// The base of its URL. There is no secret in it.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.place.base()
    }

    /// What reports say of it.
    #[must_use]
    pub fn facts(&self) -> EngineFacts {
        let authority = self.0.place.authority();
        let mut settings = self.users().said();
        settings.extend(self.0.socket.iter().map(|place| format!("WebSocket {}", place.base())));
        let names: Vec<_> = self.0.secrets.names().collect();
        if !names.is_empty() {
            settings.push(format!("with {} (not shown)", names.join(" and ")));
        }
        EngineFacts {
            name: platform::NAME.to_owned(),
            version: authority.clone(),
            major: authority,
            origin: format!("{API_URL} ({})", self.base()),
            settings,
        }
    }

    /// Does every operation once, in the order of the mix, before there is any load.
    ///
    /// # Errors
    /// One of them fails, or is not answered within the deadline.
    pub async fn rehearse(&self) -> Result<(), DeploymentError> {
        let mut session = self.session(0);
        for operation in self.mix().operations() {
            session.admitted(operation).await;
            let done = timeout(self.users().deadline, session.perform(operation)).await;
            let failed = done.unwrap_or_else(|_| Err(late(self.users().deadline)));
            failed.map_err(|failure| self.unfit(self.0.users.mix.name(operation), &failure))?;
        }
        Ok(())
    }

    /// Connects to its WebSocket once and has a ping answered, before there is any load.
    ///
    /// # Errors
    /// Either fails, or takes longer than the deadline.
    pub(crate) async fn rehearse_socket(&self) -> Result<(), DeploymentError> {
        self.admit(2).await;
        let done = timeout(self.users().deadline, async {
            let mut socket = self.socket().await?;
            socket.ping(0).await?;
            socket.leave().await;
            Ok(())
        });
        let failed = done.await.unwrap_or_else(|_| Err(late(self.users().deadline)));
        failed.map_err(|failure| self.unfit("WebSocket", &failure))
    }

    fn unfit(&self, operation: &str, failure: &Failure) -> DeploymentError {
        let remedy = match failure.kind {
            _ if failure.detail.contains("certificate") => {
                "have SSL_CERT_FILE name a file with the certificates that are to be trusted, or correct the URL"
            }
            ErrorKind::Refused => "start it, or correct the URL",
            ErrorKind::Timeout => "mend it, or raise `deadline_ms`",
            _ if failure.detail.starts_with("HTTP 401") || failure.detail.starts_with("HTTP 403") => {
                "set API_TOKEN, or BENCH_HEADERS to lines of `Name: value`"
            }
            _ if self.users().are_ours => {
                "it does not answer as our own API does: say in [[users.operation]] of bench.toml what its users do"
            }
            _ => "correct the operation in bench.toml, or mend the server",
        };
        let failure = Failure { kind: failure.kind, detail: self.redact(&failure.detail) };
        DeploymentError::Rehearsal {
            target: self.base().to_owned(),
            operation: operation.to_owned(),
            failure,
            remedy,
        }
    }

    pub(super) fn plan(&self, operation: Operation) -> Option<&Plan> {
        self.0.users.plans.get(operation.position())
    }

    /// Whether its users have a WebSocket: `WS_URL` names one, or they talk on one.
    #[must_use]
    pub fn has_socket(&self) -> bool {
        self.0.socket.is_some()
    }

    /// Waits until so many requests more may be sent.
    pub(crate) async fn admit(&self, requests: u32) {
        if let Some(cap) = &self.0.cap {
            cap.admit(requests).await;
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.0.http.request(method, format!("{}{path}", self.base()))
    }

    pub(crate) async fn socket(&self) -> Result<Socket, Failure> {
        let place = self.0.socket.as_ref();
        let place =
            place.ok_or_else(|| Failure::new(ErrorKind::Protocol, "there is no WebSocket to talk on"))?;
        Socket::open(place, self.0.secrets.headers()).await
    }

    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.secrets.redact(text)
    }
}

fn late(deadline: Duration) -> Failure {
    Failure::new(ErrorKind::Timeout, format_args!("no answer in {deadline:?}"))
}

/// `/ws` of an API.
fn beside(place: &Place) -> String {
    format!("{}/ws", place.base().replacen("http", "ws", 1))
}

/// A client that connects to the addresses that were judged, and to nothing that an answer leads to.
fn client(place: &Place, secrets: &Secrets) -> Result<Client, reqwest::Error> {
    let client =
        Client::builder().no_proxy().redirect(Policy::none()).default_headers(secrets.headers().clone());
    let client = match place::name(&place.url) {
        Some(name) => client.resolve_to_addrs(name, &place.addresses),
        None => client,
    };
    client.build()
}
