//! ClickHouse: the user's by `CLICKHOUSE_URL`, else an ephemeral server of the engine that this machine has.
//!
//! Two are looked for: the official program `clickhouse` on `PATH`, and the engine as a library that `scripts/engines.sh`
//! fetches, which the package `chdb-server` serves. A program of a release before the oldest that
//! [`ClickHouse`](crate::backend::database::ClickHouse) accepts is not taken: Debian's is of 2018. Engine and version are
//! in the report.
//!
//! An ephemeral server listens on a port of the loopback interface and has a random password. Like every ClickHouse it
//! writes without waiting for the disk.

mod ephemeral;
pub mod namespace;
mod sources;

use bench_gate::metadata::Engine;

use self::ephemeral::Installed;
pub use self::sources::{CLUSTER_VARIABLE, ClickHouseSources, VARIABLE, cluster};
use self::sources::{ENGINE, PROBE, failed};
use super::{Folder, Service, StartError, apart, random_password};
use crate::backend::database::{Database, Error};

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
        .and_then(|folder| installed.start(folder, &password));
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
    namespace::remove_abandoned(url, cluster);
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
        let database = namespace::open_named(url, PROBE, cluster).await?;
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
