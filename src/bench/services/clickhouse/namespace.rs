//! A bench's databases on a server: each with a name that nobody else has, and signed with the bench's process.
//!
//! A bench that is killed leaves its databases behind. The next one on the same machine removes those with our marker
//! all of whose signatures are of processes that are gone. What benches of other machines left is told, and stays:
//! nothing is known of their processes from here.

use super::named::query;
use super::{CLUSTER_VARIABLE, VARIABLE};
use crate::backend::database::{ClickHouse, Database, Error, PoolOptions};
use crate::bench::services::process::Process;
use crate::bench::services::{apart, namespace_name};

const LEFT: &str =
    "SELECT name FROM system.databases WHERE match(name, '^backend_bench_[0-9a-f]{16}$') ORDER BY name";

/// What stands in a signature for no cluster.
const ALONE: &str = "-";

/// A new database on the server at `url`, or on `cluster`, made and signed.
///
/// # Errors
/// The server does not answer, or does not let it be made.
pub async fn open(url: &str, cluster: Option<&str>) -> Result<ClickHouse, Error> {
    let database = open_named(url, &namespace_name(), cluster).await?;
    database.migrate().await?;
    if let Some(process) = Process::this() {
        database.sign(&format!("{process} {}", cluster.unwrap_or(ALONE))).await?;
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
pub(super) fn remove_abandoned(url: &str, cluster: Option<&str>) {
    let told = apart(remove_all(url, cluster)).unwrap_or_else(|error| vec![error.to_string()]);
    for line in told {
        eprintln!("{VARIABLE}: {line}");
    }
}

async fn remove_all(url: &str, cluster: Option<&str>) -> Vec<String> {
    let names = match query(url, LEFT).await {
        Ok(names) => names,
        Err(problem) => return vec![format!("cannot look for what killed benches left: {problem}")],
    };
    let mut told = Vec::new();
    for name in names.lines() {
        match remove(url, name, cluster).await {
            Ok(done) => told.extend(done),
            Err(error) => told.push(format!("a bench left the database {name}: {error}")),
        }
    }
    told
}

/// What was done about it; none, where its bench is at work.
async fn remove(url: &str, name: &str, cluster: Option<&str>) -> Result<Option<String>, Error> {
    let database = open_named(url, name, cluster).await?;
    let signatures = database.signatures().await?;
    let users: Option<Vec<_>> = signatures.iter().map(|signature| taken_apart(signature)).collect();
    match users {
        Some(users) if !users.is_empty() && users.iter().all(|(process, _)| process.is_gone()) => {
            if users.iter().any(|(_, made_on)| *made_on != cluster.unwrap_or(ALONE)) {
                return Ok(Some(format!(
                    "a killed bench left the database {name} on another cluster: set {CLUSTER_VARIABLE} as it was \
                     then, and it is removed"
                )));
            }
            database.remove_database().await?;
            Ok(Some(format!("removed the database {name}: the bench that made it was killed")))
        }
        _ => Ok(None),
    }
}

/// The process, and the cluster.
fn taken_apart(signature: &str) -> Option<(Process, &str)> {
    let (process, cluster) = signature.rsplit_once(' ')?;
    Some((process.parse().ok()?, cluster))
}
