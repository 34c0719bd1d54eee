//! The client of a deployed API, found and allowed: its requests, its WebSocket and its cap.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bench_gate::metadata::Engine;
use parking_lot::Mutex;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use tokio::time::{Instant, sleep_until};

use super::error::DeploymentError;
use super::error::{API_URL, WS_URL};
use super::file::{DeploymentFile, Users};
use super::plan::Plan;
use super::secrets::Secrets;
use super::socket::Socket;
use super::url::{self, ResolvedUrl, UrlForm};
use crate::bench::load::{ErrorKind, Failure};
use crate::bench::platform;

const API: UrlForm =
    UrlForm { variable: API_URL, schemes: ["http", "https"], example: "http://127.0.0.1:8080" };
const SOCKET: UrlForm =
    UrlForm { variable: WS_URL, schemes: ["ws", "wss"], example: "ws://127.0.0.1:8080/ws" };

/// An API that load may be sent to. Clones share its connections and its cap.
#[derive(Clone)]
pub struct DeployedApi(Arc<Shared>);

struct Shared {
    url: ResolvedUrl,
    /// Where the users' side of a WebSocket leads, where they have one.
    socket: Option<ResolvedUrl>,
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

impl DeployedApi {
    /// The API at `url`, whose WebSocket is at `socket`, where that is named.
    pub(super) fn of(
        url: &str,
        socket: Option<&str>,
        is_mine: bool,
        users: Users,
        secrets: Secrets,
    ) -> Result<Self, DeploymentError> {
        let url = ResolvedUrl::find(API, url, is_mine)?;
        let socket = socket.map(|url| ResolvedUrl::find(SOCKET, url, is_mine)).transpose()?;
        Self::new(url, socket, users, secrets)
    }

    /// Our own API at `url`, without a cap, for the users of a platform.
    ///
    /// # Errors
    /// `url` is no URL of HTTP on this machine.
    pub(crate) fn ours(url: &str) -> Result<Self, DeploymentError> {
        let users = DeploymentFile::ours()?.users(None)?;
        let url = ResolvedUrl::find(API, url, false)?;
        Self::new(url, None, Users { cap: None, ..users }, Secrets::default())
    }

    /// Where users talk on a WebSocket and none is named, it is `/ws` of the API.
    fn new(
        url: ResolvedUrl,
        socket: Option<ResolvedUrl>,
        users: Users,
        secrets: Secrets,
    ) -> Result<Self, DeploymentError> {
        let beside = || url.join("/ws", ["http", "ws"]);
        let socket = socket.or_else(|| users.plans.iter().any(Plan::talks).then(beside));
        let (http, cap) =
            (client(&url, &secrets).map_err(DeploymentError::Client)?, users.cap.map(RateCap::new));
        Ok(Self(Arc::new(Shared { url, socket, http, users, cap, secrets })))
    }

    /// What its users do, and how many there may be.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.0.users
    }

    /// The base of its URL. There is no secret in it.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.url.base()
    }

    /// What reports say of it.
    #[must_use]
    pub fn metadata(&self) -> Engine {
        let authority = self.0.url.authority();
        let mut settings = settings(self.users());
        settings.extend(self.0.socket.iter().map(|url| format!("WebSocket {}", url.base())));
        let names: Vec<_> = self.0.secrets.names().collect();
        if !names.is_empty() {
            settings.push(format!("with {} (not shown)", names.join(" and ")));
        }
        Engine {
            name: platform::NAME.to_owned(),
            version: authority.clone(),
            major: authority,
            origin: format!("{API_URL} ({})", self.base()),
            settings,
        }
    }

    /// Whether its users have a WebSocket: `WS_URL` names one, or they talk on one.
    pub(crate) fn has_socket(&self) -> bool {
        self.0.socket.is_some()
    }

    /// Waits until so many requests more may be sent.
    pub(crate) async fn admit(&self, requests: u32) {
        if let Some(cap) = &self.0.cap {
            cap.admit(requests).await;
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.0.http.request(method, format!("{}{path}", self.base()))
    }

    pub(crate) async fn socket(&self) -> Result<Socket, Failure> {
        let url = self.0.socket.as_ref();
        let url = url.ok_or_else(|| Failure::new(ErrorKind::Protocol, "there is no WebSocket to talk on"))?;
        Socket::open(url, self.0.secrets.headers()).await
    }

    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.secrets.redact(text)
    }
}

/// A client that connects to the addresses that were judged, and to nothing that an answer leads to.
fn client(url: &ResolvedUrl, secrets: &Secrets) -> Result<Client, reqwest::Error> {
    let client =
        Client::builder().no_proxy().redirect(Policy::none()).default_headers(secrets.headers().clone());
    let client = match url::name(&url.url) {
        Some(name) => client.resolve_to_addrs(name, &url.addresses),
        None => client,
    };
    client.build()
}

/// What a report says of the users, in pieces.
fn settings(users: &Users) -> Vec<String> {
    let Users { count, think, deadline, cap, plans, are_ours, .. } = users;
    let names: Vec<_> = plans.iter().map(|plan| plan.name.as_str()).collect();
    let whose = if *are_ours { "the mix of our own API" } else { "a mix of its own" };
    let users = format!("up to {count} users who think {think:?} and wait {deadline:?}");
    let mut settings = vec![users, format!("{whose} ({})", names.join(", "))];
    settings.extend(cap.map(|cap| format!("at most {cap} requests/s")));
    settings
}

/// The most requests that all users together may send in a second, as moments an interval apart.
struct RateCap {
    interval: Duration,
    next: Mutex<Instant>,
}

impl RateCap {
    /// `rate` requests in each second, the first of them at once.
    fn new(rate: f64) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate), next: Mutex::new(Instant::now()) }
    }

    /// Waits until `requests` more may be sent. A moment whose waiter has given up passes unused.
    async fn admit(&self, requests: u32) {
        sleep_until(self.reserve(requests, Instant::now())).await;
    }

    /// The moment that such a request gets at `now`.
    fn reserve(&self, requests: u32, now: Instant) -> Instant {
        let mut next = self.next.lock();
        let moment = (*next).max(now);
        *next = moment + self.interval * requests;
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_an_interval_apart_and_unused_ones_are_not_made_up_for() {
        let cap = RateCap::new(100.0);
        let (start, ms) = (*cap.next.lock(), Duration::from_millis);
        let moments = [(1, 0), (2, 0), (1, 0), (1, 500), (1, 500)];
        let given = moments.map(|(requests, now)| cap.reserve(requests, start + ms(now)) - start);
        assert_eq!(given, [ms(0), ms(10), ms(30), ms(500), ms(510)]);
    }
}
