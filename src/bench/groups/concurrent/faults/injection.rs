//! Causing a fault, mending it, and the trace that it left.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::Times;
use super::fault::Fault;
use super::listeners::Listeners;
use super::lock::Lock;
use super::proxy::Proxy;
use super::stage::Unavailable;
use crate::backend::agent::LlmFault;
use crate::backend::cache::ResponseCache;
use crate::backend::database::{Database, PoolOptions, Postgres};
use crate::bench::platform::DATABASE;
use crate::bench::services::{self, EngineFacts, Service, StartError};
use crate::bench::{Platform, deployment};

/// The longest that causing or mending a fault may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests to the model that are promised a fault: more than any population sends.
const MANY: usize = 100_000;

/// How often the cache is cleared.
const CLEARING: Duration = Duration::from_millis(20);

/// What a fault needs, and what is broken while it lasts.
#[derive(Default)]
pub(super) struct Injected {
    cut: Option<Cut>,
    lock: Option<Lock>,
    listeners: Option<Listeners>,
    clearing: Option<JoinHandle<()>>,
}

/// PostgreSQL with a line before it.
struct Cut {
    proxy: Proxy,
    through_proxy: String,
    /// The same database without the line.
    filled: Postgres,
    schema: String,
    /// Dropped last: ends the server where it is ours.
    service: Service,
}

impl Injected {
    /// # Errors
    /// What `fault` is about is not to be had on this machine.
    pub async fn ready(fault: Fault) -> Result<Self, Unavailable> {
        let cut = if fault == Fault::DatabaseCut { Some(Cut::ready().await?) } else { None };
        Ok(Self { cut, ..Self::default() })
    }

    pub fn fill_the_room(&mut self, platform: &Platform) {
        self.listeners = Some(Listeners::start(platform));
    }

    pub fn stop_listeners(&mut self) {
        self.listeners = None;
    }

    /// The database to fill, the URL that leads through the line, and the schema.
    pub fn postgres(&self) -> Option<(&Postgres, &str, &str)> {
        self.cut.as_ref().map(|cut| (&cut.filled, &*cut.through_proxy, &*cut.schema))
    }

    /// The server that a fault is about, where it is one.
    pub fn engine(&self) -> Option<&EngineFacts> {
        self.cut.as_ref().map(|cut| cut.service.facts())
    }

    /// Removes what is left on a server.
    pub async fn clean_up(&mut self) {
        let Some(Cut { filled, .. }) = &self.cut else { return };
        if let Ok(Err(error)) = timeout(PATIENCE, filled.remove_schema()).await {
            eprintln!("warning: a schema was left behind: {error}");
        }
        let _ = filled.close().await;
    }

    async fn cause(&mut self, fault: Fault, platform: &Platform) {
        match fault {
            Fault::LlmErrors => {
                for code in [429, 500].into_iter().cycle().take(MANY) {
                    platform.llm.fail_next(1, LlmFault::status(code));
                }
            }
            Fault::LlmHangs => platform.llm.fail_next(MANY, LlmFault::Hang),
            Fault::DatabaseCut => {
                if let Some(cut) = &mut self.cut {
                    cut.proxy.cut().await;
                }
            }
            Fault::DatabaseLocked => {
                let lock = Lock::take(&platform.folder().join(DATABASE)).await;
                self.lock = Some(lock.unwrap_or_else(|error| panic!("SQLite cannot be locked: {error}")));
            }
            Fault::SlowReaders => self.listeners.iter().for_each(|listeners| listeners.read(false)),
            Fault::CacheCleared => self.clearing = Some(tokio::spawn(clear(platform.parts.cache.clone()))),
        }
    }

    async fn mend(&mut self, platform: &Platform) {
        platform.llm.recover();
        self.listeners.iter().for_each(|listeners| listeners.read(true));
        self.clearing.take().iter().for_each(JoinHandle::abort);
        if let Some(lock) = self.lock.take() {
            lock.release().await.unwrap_or_else(|error| panic!("SQLite cannot be unlocked: {error}"));
        }
        if let Some(cut) = &mut self.cut {
            cut.proxy.mend().await.unwrap_or_else(|error| panic!("the line cannot be mended: {error}"));
        }
    }

    /// A count that `fault` raises while it lasts.
    fn trace(&self, fault: Fault, platform: &Platform) -> u64 {
        match fault {
            // Each of them met the fault.
            Fault::LlmErrors | Fault::LlmHangs => platform.llm.requests(),
            Fault::DatabaseCut => self.cut.as_ref().map_or(0, |cut| cut.proxy.cuts() as u64),
            Fault::DatabaseLocked => u64::from(self.lock.is_some()),
            Fault::SlowReaders => platform.parts.broadcaster.stats().dropped,
            Fault::CacheCleared => platform.parts.cache.stats().loads,
        }
    }
}

/// Causes `fault` at its time after `begun`, and mends it where it is to be. Returns when it was mended, or would have
/// been, counted from there.
///
/// # Panics
/// It left no trace, or the load did not begin.
pub(super) async fn play(
    injected: &mut Injected,
    fault: Fault,
    platform: &Platform,
    begun: oneshot::Receiver<Instant>,
    (times, mended): (Times, bool),
) -> Duration {
    let origin = begun.await.expect("the load begins");
    sleep_until(origin + times.before).await;
    let before = injected.trace(fault, platform);
    in_time(fault, injected.cause(fault, platform)).await;
    sleep_until(origin + times.before + times.lasting).await;
    assert!(injected.trace(fault, platform) > before, "{} left no trace: nothing was tested", fault.name());
    if mended {
        in_time(fault, injected.mend(platform)).await;
    }
    origin.elapsed()
}

async fn in_time(fault: Fault, step: impl Future<Output = ()>) {
    let done = timeout(PATIENCE, step).await;
    assert!(done.is_ok(), "{} could not be caused or mended in {PATIENCE:?}", fault.name());
}

async fn clear(cache: ResponseCache) {
    loop {
        cache.clear().await;
        tokio::time::sleep(CLEARING).await;
    }
}

impl Cut {
    async fn ready() -> Result<Self, Unavailable> {
        let service = server()?;
        let (url, server) = server_of(service.url())?;
        let proxy = Proxy::to(server).await.unwrap_or_else(|error| panic!("no port for a line: {error}"));
        let through_proxy = through(url, proxy.port());
        let schema = format!("backend_bench_{:016x}", rand::random::<u64>());
        let filled = Postgres::open(service.url(), &schema, PoolOptions::default()).await;
        let filled = filled.unwrap_or_else(|error| panic!("{error}"));
        Ok(Self { proxy, through_proxy, filled, schema, service })
    }
}

fn through(mut url: url::Url, port: u16) -> String {
    let unfit = url.set_host(Some("127.0.0.1")).is_err() || url.set_port(Some(port)).is_err();
    assert!(!unfit, "a URL with host and port takes others");
    url.into()
}

/// PostgreSQL, as `DATABASE_URL` or this machine have it.
fn server() -> Result<Service, Unavailable> {
    deployment::refuse_strangers_or_exit(&[services::postgres::VARIABLE]);
    services::postgres::start().map_err(|error| match error {
        StartError::NotRun { reason, remedy, .. } => Unavailable { reason, remedy },
        StartError::Failed { .. } => panic!("{error}"),
    })
}

/// The URL, and the host and port in it.
fn server_of(url: &str) -> Result<(url::Url, (String, u16)), Unavailable> {
    let parsed = url.parse::<url::Url>().ok();
    let host = |url: &url::Url| {
        url.host_str().filter(|host| !host.is_empty() && !host.contains('%')).map(str::to_owned)
    };
    parsed.and_then(|url| Some((host(&url)?, url))).map_or_else(
        || {
            Err(Unavailable {
                reason: "DATABASE_URL names a socket, and a line can be cut before a host only".to_owned(),
                remedy: "name the server by host and port in DATABASE_URL".to_owned(),
            })
        },
        |(host, url)| {
            let port = url.port().unwrap_or(5_432);
            Ok((url, (host.trim_matches(['[', ']']).to_owned(), port)))
        },
    )
}
