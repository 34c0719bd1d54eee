//! A server behind its pool: every request has a connection, a deadline and an explanation.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use clickhouse::error::Error as Reported;
use clickhouse::query::Query;
use clickhouse::{Client, Compression, Row, RowOwned, RowRead};
use serde::Deserialize;
use tokio::time::timeout;

use super::dialect::Dialect;
use super::endpoint::Endpoint;
use super::fault;
use super::pool::{Empty, Held, Pool};
use super::transport;
use crate::backend::database::{Error, PoolOptions};

/// How often a read is repeated whose connection was lost, and how long to wait before the first time.
const RETRIES: usize = 3;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What the server says of itself and its user: a version, and whether settings may be changed (`1`: they may not).
const WHO: &str =
    "SELECT version() AS version, value AS readonly FROM system.settings WHERE name = 'readonly'";

/// The answer to it.
#[derive(Row, Deserialize)]
struct Who {
    version: String,
    readonly: String,
}

pub(super) struct Server {
    pub pool: Pool,
    pub dialect: Dialect,
    pub options: PoolOptions,
    /// Origin and database: what errors name.
    pub place: String,
}

impl Server {
    /// Asks the server what it is, and opens a pool that speaks to it accordingly.
    pub async fn open(
        endpoint: &Endpoint,
        place: String,
        options: PoolOptions,
        clustered: bool,
    ) -> Result<Self, Error> {
        let limit = options.query_timeout;
        let address = |client| addressed(client, endpoint);
        let who = ask_who(&place, limit, address(transport::client(endpoint.encrypted).0)).await?;
        let dialect = Dialect::of(&who.version).map_err(|reason| unsuitable(&place, reason))?;
        let settings = if who.readonly == "1" { Vec::new() } else { dialect.settings(limit, clustered) };
        let pool = Pool::new(options.clone(), endpoint.encrypted, |client| {
            let client = dialect.set_up(address(client));
            settings.iter().fold(client, |client, (name, value)| client.with_setting(*name, value))
        });
        Ok(Self { pool, dialect, options, place })
    }

    /// Runs what changes nothing, again where the connection was lost.
    pub async fn read<T, F>(
        &self,
        operation: &'static str,
        ask: impl Fn(&Client) -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Reported>> + Send,
    {
        let waits =
            ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_times(RETRIES).with_jitter();
        let lost = |error: &Error| matches!(error, Error::Lost { .. });
        self.within(operation, (|| self.once(operation, &ask)).retry(waits).when(lost)).await
    }

    /// Runs what must not be repeated by itself: whether a lost statement was carried out is not known.
    pub async fn write<T, F>(
        &self,
        operation: &'static str,
        ask: impl Fn(&Client) -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Reported>> + Send,
    {
        self.within(operation, self.once(operation, &ask)).await
    }

    /// Takes a connection, open.
    pub async fn hold(&self, operation: &'static str) -> Result<Held, Error> {
        let open = async {
            let held = self.take(operation).await?;
            if !held.is_open() {
                let opened = held.client().query_raw("SELECT 1").execute().await;
                opened.map_err(|reported| self.explain(operation, reported))?;
            }
            Ok(held)
        };
        self.within(operation, open).await
    }

    async fn once<T, F>(
        &self,
        operation: &'static str,
        ask: impl Fn(&Client) -> F + Send + Sync,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Reported>> + Send,
    {
        let held = self.take(operation).await?;
        ask(held.client()).await.map_err(|reported| self.explain(operation, reported))
    }

    async fn take(&self, operation: &'static str) -> Result<Held, Error> {
        let (place, connections) = (self.place.clone(), self.options.connections);
        self.pool.take().await.map_err(|empty| match empty {
            Empty::InUse => Error::PoolTimeout { place, connections, waited: self.options.acquire_timeout },
            Empty::Closed => Error::Query { place, operation, source: "its pool is closed".into() },
        })
    }

    async fn within<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let limit = self.options.query_timeout;
        let late = |_| Error::Timeout { place: self.place.clone(), operation, limit };
        timeout(limit, work).await.map_err(late)?
    }

    fn explain(&self, operation: &'static str, reported: Reported) -> Error {
        fault::explain(self.place.clone(), operation, self.options.query_timeout, reported)
    }
}

/// Rows are compressed for a network. Within a machine, both sides' work for that takes longer than what it spares.
fn addressed(client: Client, endpoint: &Endpoint) -> Client {
    let compression = if endpoint.local { Compression::None } else { Compression::Lz4 };
    let client = client.with_url(&endpoint.origin).with_compression(compression);
    let client = match &endpoint.user {
        Some(user) => client.with_user(user),
        None => client,
    };
    match &endpoint.password {
        Some(password) => client.with_password(password),
        None => client,
    }
}

/// In the words that the oldest server understands.
async fn ask_who(place: &str, limit: Duration, client: Client) -> Result<Who, Error> {
    let asked = timeout(limit, one(client.with_validation(false).query(WHO))).await;
    let late = |_| Error::Timeout { place: place.to_owned(), operation: "opening", limit };
    asked.map_err(late)?.map_err(|reported| unreachable(place, limit, reported))
}

fn unreachable(place: &str, limit: Duration, reported: Reported) -> Error {
    let place = place.to_owned();
    let remedy = |reason: &str| match () {
        () if reason.contains("certificate") => {
            "name the certificate of its issuer by SSL_CERT_FILE, and the server in the URL as its certificate does"
        }
        () => "check that the server runs, and that its URL has the right scheme, host and port for HTTP",
    };
    match fault::explain(place.clone(), "opening", limit, reported) {
        Error::Lost { reason, .. } => Error::Open { place, remedy: remedy(&reason), reason },
        Error::Query { source, .. } => {
            let reason = source.to_string();
            Error::Open { place, remedy: remedy(&reason), reason }
        }
        other => other,
    }
}

fn unsuitable(place: &str, reason: String) -> Error {
    Error::Open { place: place.to_owned(), reason, remedy: "upgrade the server, or name another" }
}

/// The answer's only row, read to the answer's end: the client's own `fetch_one` stops at the row, and the connection
/// is lost whenever the end has not come with it.
pub(super) async fn one<T: RowOwned + RowRead>(query: Query) -> Result<T, Reported> {
    query.fetch_all().await?.pop().ok_or(Reported::RowNotFound)
}
