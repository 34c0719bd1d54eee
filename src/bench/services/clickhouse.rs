//! ClickHouse: the user's by `CLICKHOUSE_URL`, else an ephemeral server of the engine that this machine has.
//!
//! Two are looked for: the official program `clickhouse` on `PATH`, and the engine as a library that `scripts/engines.sh`
//! fetches, which the package `chdb-server` serves. A program of a release before the oldest that [`ClickHouse`] accepts is
//! not taken: Debian's is of 2018. Engine and version are in the report.
//!
//! An ephemeral server listens on a port of the loopback interface and has a random password. Like every ClickHouse it
//! writes without waiting for the disk.

mod ephemeral;
mod installed;

use bench_gate::metadata::Engine;

use self::installed::{ENGINE, Installed, failed};
use super::{Folder, Service, StartError, apart, namespace_name, random_password};
use crate::backend::database::{ClickHouse, Database, Error, PoolOptions};
use crate::bench::services::process::Process;

pub use self::installed::{CLUSTER_VARIABLE, ClickHouseSources, VARIABLE, cluster};

/// A database that is named to ask a server for its version. It is never created.
const PROBE: &str = "backend_bench_probe";

/// A server, as `CLICKHOUSE_URL`, this machine and `.bench/` have it. Blocks, for about a second where one is started.
///
/// # Errors
/// There is none, or the one that is chosen does not work.
pub fn start() -> Result<Service, StartError> {
    start_from(&ClickHouseSources::of_this_machine())
}

/// [`start`], from other sources.
///
/// # Errors
/// As [`start`].
pub fn start_from(sources: &ClickHouseSources) -> Result<Service, StartError> {
    match (&sources.url, &sources.cluster) {
        (Some(url), cluster) => start_named(url, cluster.as_deref()),
        (None, Some(cluster)) => Err(failed(
            format!("{CLUSTER_VARIABLE} names the cluster `{cluster}`, and {VARIABLE} no server of it"),
            format!("set {VARIABLE} to one of its servers, or unset {CLUSTER_VARIABLE}"),
        )),
        (None, None) => start_ephemeral(&Installed::find(sources)?),
    }
}

fn start_ephemeral(installed: &Installed) -> Result<Service, StartError> {
    let origin = installed.path().display().to_string();
    let does_not_work = |problem: String| {
        failed(format!("{origin} does not start: {problem}"), format!("repair it, or set {VARIABLE}"))
    };
    let password = random_password();
    let started = Folder::create(ENGINE, None)
        .map_err(|error| format!("no folder for it: {error}"))
        .and_then(|folder| ephemeral::start(installed, folder, &password));
    let (url, server) = started.map_err(does_not_work)?;
    let answer = probe(&url, None).map_err(does_not_work)?;
    Ok(Service::ephemeral(url, metadata(answer.version, origin.clone(), installed.settings()), server))
}

/// The user's server, with what killed benches left there removed.
fn start_named(url: &str, cluster: Option<&str>) -> Result<Service, StartError> {
    let answer = probe(url, cluster).map_err(|problem| {
        let problem = format!("{VARIABLE} is set, and its server cannot be used: {problem}");
        let variables = if cluster.is_some() { CLUSTER_VARIABLE } else { VARIABLE };
        failed(problem, format!("correct {variables}, or unset it"))
    })?;
    let encrypted = url.starts_with("https").then(|| "TLS".to_owned());
    let origin = format!("{VARIABLE} ({})", answer.host);
    let mut metadata = metadata(answer.version, origin, encrypted.into_iter().collect());
    if let Some((cluster, (shards, replicas))) = cluster.zip(answer.nodes) {
        metadata.settings.push(format!("cluster {cluster}: shards {shards}, replicas {replicas}"));
        // One machine's numbers are no baseline for a cluster's.
        metadata.major.push_str(" on a cluster");
    }
    remove_abandoned(url, cluster);
    Ok(Service::new(url.to_owned(), metadata, ()))
}

/// What a server answers before it is measured.
struct ProbeAnswer {
    version: String,
    /// Host and port.
    host: String,
    /// Shards and replicas of the cluster.
    nodes: Option<(u64, u64)>,
}

fn probe(url: &str, cluster: Option<&str>) -> Result<ProbeAnswer, String> {
    let ask = async {
        let database = open_named(url, PROBE, cluster).await?;
        let nodes = match cluster {
            Some(cluster) => Some(database.nodes(cluster).await?),
            None => None,
        };
        Ok::<_, Error>(ProbeAnswer {
            version: database.version().await?,
            host: database.host().to_owned(),
            nodes,
        })
    };
    apart(ask).map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn metadata(version: String, origin: String, settings: Vec<String>) -> Engine {
    let major: Vec<&str> = version.split('.').take(2).collect();
    Engine { name: ENGINE.to_owned(), major: major.join("."), version, origin, settings }
}

/// Names that [`namespace_name`] gives.
const PATTERN: &str = "^backend_bench_[0-9a-f]{16}$";

/// The cluster in the signature of a database that is on none.
const NO_CLUSTER: &str = "-";

/// A new database on the server at `url`, or on `cluster`, made and signed.
pub(crate) async fn open_namespace(url: &str, cluster: Option<&str>) -> Result<ClickHouse, Error> {
    let database = open_named(url, &namespace_name(), cluster).await?;
    database.migrate().await?;
    if let Some(process) = Process::this() {
        database.sign(&format!("{process} {}", cluster.unwrap_or(NO_CLUSTER))).await?;
    }
    Ok(database)
}

async fn open_named(url: &str, name: &str, cluster: Option<&str>) -> Result<ClickHouse, Error> {
    match cluster {
        Some(cluster) => ClickHouse::open_on_cluster(url, name, cluster, PoolOptions::default()).await,
        None => ClickHouse::open(url, name, PoolOptions::default()).await,
    }
}

/// Removes what benches of this machine that were killed have left on the server at `url`, and says so.
fn remove_abandoned(url: &str, cluster: Option<&str>) {
    let report = apart(remove_all(url, cluster)).unwrap_or_else(|error| vec![error.to_string()]);
    for line in report {
        eprintln!("{VARIABLE}: {line}");
    }
}

async fn remove_all(url: &str, cluster: Option<&str>) -> Vec<String> {
    let names = async { open_named(url, PROBE, None).await?.databases(PATTERN).await }.await;
    let names = match names {
        Ok(names) => names,
        Err(error) => return vec![format!("cannot look for what killed benches left: {error}")],
    };
    let mut report = Vec::new();
    for name in names {
        match remove(url, &name, cluster).await {
            Ok(done) => report.extend(done),
            Err(error) => report.push(format!("a bench left the database {name}: {error}")),
        }
    }
    report
}

/// What was done; none, where its bench still runs.
async fn remove(url: &str, name: &str, cluster: Option<&str>) -> Result<Option<String>, Error> {
    let database = open_named(url, name, cluster).await?;
    let signatures = database.signatures().await?;
    let users: Option<Vec<_>> = signatures.iter().map(|signature| parse_signature(signature)).collect();
    match users {
        Some(users) if !users.is_empty() && users.iter().all(|(process, _)| process.is_gone()) => {
            if users.iter().any(|(_, made_on)| *made_on != cluster.unwrap_or(NO_CLUSTER)) {
                return Ok(Some(format!(
                    "a killed bench left the database {name} on another cluster: set {CLUSTER_VARIABLE} to that cluster \
                     to remove it"
                )));
            }
            database.remove_database().await?;
            Ok(Some(format!("removed the database {name}: the bench that made it was killed")))
        }
        _ => Ok(None),
    }
}

/// The process and the cluster.
fn parse_signature(signature: &str) -> Option<(Process, &str)> {
    let (process, cluster) = signature.rsplit_once(' ')?;
    Some((process.parse().ok()?, cluster))
}
