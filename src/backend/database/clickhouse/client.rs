//! The official client with what a pool needs around it: a bound on the requests at once, a deadline for each, retries
//! of lost reads, and explained errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use clickhouse::error::{Error as Reported, Result as Answer};
use clickhouse::query::Query;
use clickhouse::{Client, Compression, RowOwned, RowRead, RowWrite};
use hyper::Uri;
use hyper_util::client::legacy::{Client as HttpClient, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower::ServiceExt;

use super::endpoint::Endpoint;
use super::error;
use crate::backend::database::{Error, PoolOptions, PoolStats};

/// The year of the oldest release whose settings and DDL are those used here.
pub(crate) const OLDEST_MAJOR: u32 = 23;

/// ClickHouse before 23.11 closes idle connections after 3 s.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a lost read is repeated, and the wait before the first time.
const RETRIES: usize = 3;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The version of the server, and whether the user may change settings (`1`: no).
const PROBE: &str = "SELECT version(), value FROM system.settings WHERE name = 'readonly'";

pub(super) struct ServerClient {
    client: Client,
    permits: Arc<Semaphore>,
    acquired: AtomicU64,
    connects: Arc<AtomicU64>,
    options: PoolOptions,
    /// Origin and database, as errors name them.
    pub place: String,
}

impl ServerClient {
    /// Asks the server for its version and sets the client up for it.
    pub async fn open(
        endpoint: &Endpoint,
        database: &str,
        options: PoolOptions,
        clustered: bool,
    ) -> Result<Self, Error> {
        let mut server = Self::new(endpoint, format!("{}/{database}", endpoint.origin), options)?;
        // Without validation, in a format that servers before 23 know, so that their version can be named.
        let query = server.client.clone().with_validation(false).query(PROBE);
        let probe: (String, String) = server.one("opening", &query).await.map_err(unreachable)?;
        check_version(&probe.0).map_err(|reason| {
            let place = server.place.clone();
            Error::Open { place, reason, remedy: "upgrade the server, or name another" }
        })?;
        if probe.1 != "1" {
            server.set(clustered);
        }
        Ok(server)
    }

    fn new(endpoint: &Endpoint, place: String, options: PoolOptions) -> Result<Self, Error> {
        let connects = Arc::new(AtomicU64::new(0));
        let client = client(endpoint, Arc::clone(&connects)).map_err(|reason| Error::Open {
            place: place.clone(),
            reason,
            remedy: "install the system's certificates, or name a file of them by SSL_CERT_FILE",
        })?;
        let permits = Arc::new(Semaphore::new(options.connections as usize));
        Ok(Self { client, permits, acquired: AtomicU64::new(0), connects, options, place })
    }

    /// Sends settings with every statement: the server gives up when this side does, stores an insert when it comes
    /// (`async_insert` is on since 26.3), and on a cluster answers when the shards have the rows.
    fn set(&mut self, clustered: bool) {
        let seconds = self.options.query_timeout.as_secs_f64();
        let mut settings =
            vec![("max_execution_time", seconds.to_string()), ("async_insert", "0".to_owned())];
        if clustered {
            settings.push(("distributed_ddl_task_timeout", seconds.ceil().to_string()));
            let names = ["insert_distributed_sync", "optimize_skip_unused_shards"];
            settings.extend(names.map(|name| (name, "1".to_owned())));
            settings.push(("load_balancing", "in_order".to_owned()));
        }
        for (name, value) in settings {
            self.client.set_setting(name, value);
        }
    }

    /// A query with `?` for values and `?fields` for the columns of its rows.
    pub fn query(&self, sql: &str) -> Query {
        self.client.query(sql)
    }

    /// The rows of a query that changes nothing. It is repeated where the connection was lost.
    pub async fn rows<T>(&self, operation: &'static str, query: &Query) -> Result<Vec<T>, Error>
    where
        T: RowOwned + RowRead + Send,
    {
        let waits =
            ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_times(RETRIES).with_jitter();
        let lost = |error: &Error| matches!(error, Error::Lost { .. });
        let ask = || self.once(operation, query.clone().fetch_all::<T>());
        self.within(operation, ask.retry(waits).when(lost)).await
    }

    /// The only row of a query. The client's own `fetch_one` stops at the row, and the connection cannot be used again
    /// when the end of the answer has not come with it.
    pub async fn one<T>(&self, operation: &'static str, query: &Query) -> Result<T, Error>
    where
        T: RowOwned + RowRead + Send,
    {
        let row = self.rows(operation, query).await?.pop();
        row.ok_or_else(|| self.explain(operation, Reported::RowNotFound))
    }

    /// Runs a statement once: whether a lost one was carried out is not known.
    pub async fn execute(&self, operation: &'static str, statement: &str) -> Result<(), Error> {
        self.within(operation, self.once(operation, self.client.query_raw(statement).execute())).await
    }

    /// Inserts `rows` once, as one block where they are not more than the server's `max_insert_block_size`.
    pub async fn insert<T>(&self, operation: &'static str, table: &str, rows: &[T]) -> Result<(), Error>
    where
        T: RowOwned + RowWrite + Sync,
    {
        let send = async {
            let mut insert = self.client.insert_unescaped::<T>(table).await?;
            for row in rows {
                insert.write(row).await?;
            }
            insert.end().await
        };
        self.within(operation, self.once(operation, send)).await
    }

    async fn once<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Answer<T>>,
    ) -> Result<T, Error> {
        let _permit = self.acquire(operation).await?;
        work.await.map_err(|reported| self.explain(operation, reported))
    }

    fn explain(&self, operation: &'static str, reported: Reported) -> Error {
        error::explain(&self.place, operation, self.options.query_timeout, reported)
    }

    /// Waits until fewer requests than the pool's limit are on their way.
    pub async fn acquire(&self, operation: &'static str) -> Result<OwnedSemaphorePermit, Error> {
        let (place, waited) = (self.place.clone(), self.options.acquire_timeout);
        let connections = self.options.connections;
        match timeout(waited, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => {
                self.acquired.fetch_add(1, Ordering::Relaxed);
                Ok(permit)
            }
            Ok(Err(_)) => Err(Error::Query { place, operation, source: "its pool is closed".into() }),
            Err(_) => Err(Error::PoolTimeout { place, connections, waited }),
        }
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

    /// The HTTP client does not report the connections that it closes, so `size` counts those that were opened, up to
    /// the limit.
    pub fn stats(&self) -> PoolStats {
        let acquired = self.acquired.load(Ordering::Relaxed);
        let opened = self.connects.load(Ordering::Relaxed).min(acquired);
        let max = self.options.connections;
        let in_use = max - u32::try_from(self.permits.available_permits()).unwrap_or(max).min(max);
        let size = u32::try_from(opened).unwrap_or(max).min(max).max(in_use);
        PoolStats { size, idle: size - in_use, max, opened, reused: acquired - opened }
    }

    /// Refuses further requests.
    pub fn close(&self) {
        self.permits.close();
    }
}

/// A client that counts its connects.
///
/// The crate's own HTTP client leaves Nagle's algorithm on: the last piece of an insert then waits up to 40 ms for the
/// acknowledgement of the one before. On one machine, compression takes longer than it saves.
fn client(endpoint: &Endpoint, connects: Arc<AtomicU64>) -> Result<Client, String> {
    let compression = if endpoint.local { Compression::None } else { Compression::Lz4 };
    let client = transport(endpoint.encrypted, connects)?;
    let client = client.with_url(&endpoint.origin).with_compression(compression);
    let client = endpoint.user.iter().fold(client, Client::with_user);
    Ok(endpoint.password.iter().fold(client, Client::with_password))
}

#[cfg_attr(
    not(feature = "tls"),
    expect(clippy::unnecessary_wraps, reason = "TLS may find no certificate to trust")
)]
fn transport(encrypted: bool, connects: Arc<AtomicU64>) -> Result<Client, String> {
    let counted = connector(encrypted).map_request(move |server: Uri| {
        connects.fetch_add(1, Ordering::Relaxed);
        server
    });
    let mut builder = HttpClient::builder(TokioExecutor::new());
    builder.pool_idle_timeout(IDLE_TIMEOUT).pool_timer(TokioTimer::new());
    #[cfg(feature = "tls")]
    if encrypted {
        let tls = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots();
        let tls = tls.map_err(|error| error.to_string())?.https_only().enable_http1();
        return Ok(Client::with_http_client(builder.build(tls.wrap_connector(counted))));
    }
    Ok(Client::with_http_client(builder.build(counted)))
}

fn connector(encrypted: bool) -> HttpConnector {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.enforce_http(!encrypted);
    http
}

fn check_version(version: &str) -> Result<(), String> {
    let major = version.split_once('.').and_then(|(major, _)| major.parse::<u32>().ok());
    match major {
        None => Err("it answered, but not as a ClickHouse server does".to_owned()),
        Some(major) if major < OLDEST_MAJOR => {
            Err(format!("its version is {version}, and the oldest that works is {OLDEST_MAJOR}.1"))
        }
        Some(_) => Ok(()),
    }
}

/// Nothing was asked of the server before: whatever failed, it cannot be opened.
fn unreachable(error: Error) -> Error {
    let (place, reason) = match error {
        Error::Lost { place, reason, .. } => (place, reason),
        Error::Query { place, source, .. } => (place, source.to_string()),
        other => return other,
    };
    let remedy = if reason.contains("certificate") {
        "name the certificate of its issuer by SSL_CERT_FILE, and the server in the URL as its certificate does"
    } else {
        "check that the server runs, and that its URL has the right scheme, host and port for HTTP"
    };
    Error::Open { place, reason, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_or_no_version_is_refused() {
        assert!(check_version("23.1.2.3").is_ok() && check_version("26.7.2.1-testing\n").is_ok());
        let reason = check_version("18.16.1").unwrap_err();
        assert!(reason.contains("18.16.1") && reason.contains("23.1"), "{reason}");
        for answer in ["", "<html>", "18", "x.y"] {
            assert!(check_version(answer).unwrap_err().contains("not as a ClickHouse"), "{answer}");
        }
    }
}
