//! Connections to PostgreSQL break, and new ones are refused: a proxy stands before the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bench_gate::metadata::Engine;
use tokio::time::timeout;
use url::Url;

use super::fault::{Fault, Unavailable, fill};
use super::proxy::Proxy;
use crate::backend::database::{Conversations, Database, PoolOptions, Postgres};
use crate::bench::platform::PlatformError;
use crate::bench::services::{Service, StartError, postgres};
use crate::bench::{Platform, deployment};

/// The longest that the removal of the schema may take.
const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(10);

/// PostgreSQL with a proxy before it.
pub(super) struct DatabaseCut {
    proxy: Proxy,
    through_proxy: String,
    /// The same database without the proxy.
    direct: Postgres,
    schema: String,
    /// Dropped last: ends the server where it is ours.
    service: Service,
}

impl Fault for DatabaseCut {
    const NAME: &'static str = "database_cut";
    const ENGINE: Option<&'static str> = Some(postgres::ENGINE);

    async fn prepare() -> Result<Self, Unavailable> {
        let service = server()?;
        let (url, server) = server_of(service.url())?;
        let proxy = Proxy::to(server).await.unwrap_or_else(|error| panic!("no port for a proxy: {error}"));
        let through_proxy = through(url, proxy.port());
        let schema = format!("backend_bench_{:016x}", rand::random::<u64>());
        let direct = Postgres::open(service.url(), &schema, PoolOptions::default()).await;
        let direct = direct.unwrap_or_else(|error| panic!("{error}"));
        Ok(Self { proxy, through_proxy, direct, schema, service })
    }

    async fn database(&self, _: &Path) -> Result<Arc<dyn Conversations>, PlatformError> {
        fill(&self.direct).await?;
        Ok(Arc::new(Postgres::open(&self.through_proxy, &self.schema, PoolOptions::default()).await?))
    }

    fn engine(&self) -> Option<&Engine> {
        Some(self.service.metadata())
    }

    async fn inject(&mut self, _: &Platform) {
        self.proxy.cut().await;
    }

    async fn heal(&mut self, _: &Platform) {
        self.proxy.heal().await.unwrap_or_else(|error| panic!("the proxy cannot listen again: {error}"));
    }

    fn trace(&self, _: &Platform) -> u64 {
        self.proxy.cuts()
    }

    async fn clean_up(&mut self) {
        if let Ok(Err(error)) = timeout(CLEAN_UP_TIMEOUT, self.direct.remove_schema()).await {
            eprintln!("warning: a schema was left behind: {error}");
        }
        let _ = self.direct.close().await;
    }
}

fn through(mut url: Url, port: u16) -> String {
    let unfit = url.set_host(Some("127.0.0.1")).is_err() || url.set_port(Some(port)).is_err();
    assert!(!unfit, "a URL with host and port takes others");
    url.into()
}

/// The PostgreSQL of `DATABASE_URL`, or one of this machine.
fn server() -> Result<Service, Unavailable> {
    deployment::refuse_strangers_or_exit(&[postgres::VARIABLE]);
    postgres::start().map_err(|error| match error {
        StartError::NotRun { reason, remedy, .. } => Unavailable { reason, remedy },
        StartError::Failed { .. } => panic!("{error}"),
    })
}

/// The URL, and the host and port in it.
fn server_of(url: &str) -> Result<(Url, (String, u16)), Unavailable> {
    let parsed = url.parse::<Url>().ok();
    let host =
        |url: &Url| url.host_str().filter(|host| !host.is_empty() && !host.contains('%')).map(str::to_owned);
    parsed.and_then(|url| Some((host(&url)?, url))).map_or_else(
        || {
            Err(Unavailable {
                reason: "DATABASE_URL names a socket, and the proxy needs a host".to_owned(),
                remedy: "name the server by host and port in DATABASE_URL".to_owned(),
            })
        },
        |(host, url)| {
            let port = url.port().unwrap_or(5_432);
            Ok((url, (host.trim_matches(['[', ']']).to_owned(), port)))
        },
    )
}
