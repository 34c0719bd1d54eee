//! Where a ClickHouse is looked for: variables, folders, and the names of both.

use std::path::PathBuf;

use crate::bench::deployment;
use crate::bench::services::{StartError, fetched_folder};

/// The name in the benchmarks' ids.
pub(super) const ENGINE: &str = "clickhouse";

/// The variable that names the user's own server.
pub const VARIABLE: &str = "CLICKHOUSE_URL";

/// The variable that names a cluster of that server, to measure its tables on all nodes.
pub const CLUSTER_VARIABLE: &str = "CLICKHOUSE_CLUSTER";

/// A database that is named to ask a server for its version. It is never created.
pub(super) const PROBE: &str = "backend_bench_probe";

/// Where a server is looked for.
#[derive(Debug, Clone)]
pub struct ClickHouseSources {
    /// A URL.
    pub url: Option<String>,
    /// A cluster of the server there.
    pub cluster: Option<String>,
    /// Folders of programs: those of `PATH`.
    pub path: Vec<PathBuf>,
    /// Where `scripts/engines.sh` puts the library: `.bench/chdb`.
    pub fetched: PathBuf,
    /// Folders that may have the program `chdb-server`: Cargo puts it above the benches, tests and examples.
    pub programs: Vec<PathBuf>,
}

impl ClickHouseSources {
    /// This process's own variables and machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            url: deployment::named(VARIABLE),
            cluster: cluster(),
            path: std::env::split_paths(&path).collect(),
            fetched: fetched_folder().join("chdb"),
            programs: program.ancestors().skip(1).take(2).map(PathBuf::from).collect(),
        }
    }
}

/// The cluster that `CLICKHOUSE_CLUSTER` or the file of the deployment names.
#[must_use]
pub fn cluster() -> Option<String> {
    deployment::named(CLUSTER_VARIABLE)
}

pub(super) fn failed(problem: String, remedy: String) -> StartError {
    StartError::Failed { engine: ENGINE, problem, remedy }
}
