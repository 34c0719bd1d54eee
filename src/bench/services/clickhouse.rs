//! ClickHouse: the user's by `CLICKHOUSE_URL`, else a throwaway of the newest one that is found.
//!
//! Three kinds are found on a machine: the official program `clickhouse`, Debian's `clickhouse-server`, and the engine as
//! a library that `scripts/engines.sh` fetches, which the package `chdb-server` serves. Debian's is of 2018. Where several are there the
//! newest by its version is taken, so that an old server does not stand in for the engine of today because it happens to be on `PATH`;
//! of two of the same version the server goes before the library. Engine and version are in the report.
//!
//! A throwaway listens on a port of the loopback interface and has a random password. Like every ClickHouse it writes
//! without waiting for the disk.

mod candidate;
mod named;
pub mod namespace;
mod server;

use std::path::PathBuf;

use self::candidate::{Candidate, Kind};
use super::{EngineFacts, Folder, Service, StartError, Throwaway, free_port, random_password};
use crate::bench::deployment;

/// The name in the benchmarks' ids.
const ENGINE: &str = "clickhouse";

/// The variable that names the user's own server.
pub const VARIABLE: &str = "CLICKHOUSE_URL";

/// The variable that names a cluster of that server, to measure its tables on all nodes.
pub const CLUSTER_VARIABLE: &str = "CLICKHOUSE_CLUSTER";

/// The command that fetches one.
const FETCH: &str = "scripts/engines.sh clickhouse";

/// The user of a throwaway.
const USER: &str = "default";

/// Where a server is looked for.
#[derive(Debug, Clone)]
pub struct Sources {
    /// A URL.
    pub url: Option<String>,
    /// A cluster of the server there.
    pub cluster: Option<String>,
    /// Folders of programs: those of `PATH`, and where Debian puts servers.
    pub path: Vec<PathBuf>,
    /// Where `scripts/engines.sh` puts the library: `.bench/chdb`.
    pub fetched: PathBuf,
    /// Folders that may have the program `chdb-server`: Cargo puts it above the benches, tests and examples.
    pub programs: Vec<PathBuf>,
}

impl Sources {
    /// This process's own variables and machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let (url, cluster) = (deployment::named(VARIABLE), cluster());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            url,
            cluster,
            path: std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).collect(),
            fetched: super::fetched_folder().join("chdb"),
            programs: program.ancestors().skip(1).take(2).map(PathBuf::from).collect(),
        }
    }
}

/// A server, as `CLICKHOUSE_URL`, this machine and `.bench/` have it. Blocks, for about a second where one is started.
///
/// # Errors
/// There is none, or the one that is chosen does not work.
pub fn start() -> Result<Service, StartError> {
    start_from(&Sources::of_this_machine())
}

/// [`start`], from other sources.
///
/// # Errors
/// As [`start`].
pub fn start_from(sources: &Sources) -> Result<Service, StartError> {
    match (&sources.url, &sources.cluster) {
        (Some(url), cluster) => named::server(url, cluster.as_deref()),
        (None, Some(cluster)) => Err(failed(
            format!("{CLUSTER_VARIABLE} names the cluster `{cluster}`, and {VARIABLE} no server of it"),
            format!("set {VARIABLE} to one of its servers, or unset {CLUSTER_VARIABLE}"),
        )),
        (None, None) => start_throwaway(&Candidate::newest(sources)?, None),
    }
}

/// A throwaway of the newest installed server, and its port for `clickhouse-client`. The library has no such port, and is
/// not looked for.
///
/// # Errors
/// No server is installed, or the one that is chosen does not work.
pub fn start_with_native_port(sources: &Sources) -> Result<(Service, u16), StartError> {
    let candidate = Candidate::newest(&Sources { fetched: PathBuf::new(), ..sources.clone() })?;
    let port = free_port().map_err(|error| does_not_work(&candidate, &format!("no free port: {error}")))?;
    Ok((start_throwaway(&candidate, Some(port))?, port))
}

/// The cluster that `CLICKHOUSE_CLUSTER` or the file of the deployment names.
#[must_use]
pub fn cluster() -> Option<String> {
    deployment::named(CLUSTER_VARIABLE)
}

fn start_throwaway(candidate: &Candidate, native: Option<u16>) -> Result<Service, StartError> {
    let password = random_password();
    let started = Folder::create(ENGINE, None).map_err(|error| format!("no folder for it: {error}"));
    let started = started.and_then(|folder| match &candidate.kind {
        Kind::Library { program } => server::of_library(folder, program, &candidate.path, &password),
        Kind::Server { first } => server::of_program(folder, &candidate.path, first, &password, native),
    });
    let (port, throwaway) = started.map_err(|problem| does_not_work(candidate, &problem))?;
    let url = format!("http://{USER}:{password}@127.0.0.1:{port}");
    let version = named::ask(&url).map_err(|problem| does_not_work(candidate, &problem))?;
    let facts = named::facts(version, candidate.path.display().to_string(), candidate.settings());
    Ok(Service::of_throwaway(url, facts, throwaway))
}

fn does_not_work(candidate: &Candidate, problem: &str) -> StartError {
    let problem = format!("{} does not start: {problem}", candidate.path.display());
    failed(problem, format!("mend it, or set {VARIABLE} to a server that runs"))
}

fn failed(problem: String, remedy: String) -> StartError {
    StartError::Failed { engine: ENGINE, problem, remedy }
}
