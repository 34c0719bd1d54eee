//! A bench's databases on a server: each has a random name and is signed with the bench's process.
//!
//! A bench that is killed leaves its databases behind. The next one on the same machine removes those that carry the
//! marker and whose signatures are all of processes that have ended. What benches of other machines left stays: whether
//! their processes run cannot be seen from here.

use super::sources::{CLUSTER_VARIABLE, PROBE, VARIABLE};
use crate::backend::database::{ClickHouse, Database, Error, PoolOptions};
use crate::bench::services::process::Process;
use crate::bench::services::{apart, namespace_name};

/// Names that [`namespace_name`] gives.
const PATTERN: &str = "^backend_bench_[0-9a-f]{16}$";

/// The cluster in the signature of a database that is on none.
const NO_CLUSTER: &str = "-";

/// A new database on the server at `url`, or on `cluster`, made and signed.
///
/// # Errors
/// The server does not answer, or does not let it be made.
pub async fn open(url: &str, cluster: Option<&str>) -> Result<ClickHouse, Error> {
    let database = open_named(url, &namespace_name(), cluster).await?;
    database.migrate().await?;
    if let Some(process) = Process::this() {
        database.sign(&format!("{process} {}", cluster.unwrap_or(NO_CLUSTER))).await?;
    }
    Ok(database)
}

pub(super) async fn open_named(url: &str, name: &str, cluster: Option<&str>) -> Result<ClickHouse, Error> {
    match cluster {
        Some(cluster) => ClickHouse::open_on_cluster(url, name, cluster, PoolOptions::default()).await,
        None => ClickHouse::open(url, name, PoolOptions::default()).await,
    }
}

/// Removes what benches of this machine that were killed have left on the server at `url`, and says so.
pub(super) fn remove_abandoned(url: &str, cluster: Option<&str>) {
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
