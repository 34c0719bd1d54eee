//! The user's own deployment: where it is, what its users do, and what load may be sent to it.
//!
//! It is named by the environment (`API_URL`, `WS_URL`, …), by a file (`bench.toml`, or what `BENCH_CONFIG` names), or by
//! both: a variable goes before the file. `docs/formats.md` describes the file. Secrets are in the environment only
//! (`API_TOKEN`, `BENCH_HEADERS`), and in no report.
//!
//! Load is sent to no machine but this one, unless the user says that it is theirs (`BENCH_TARGET_IS_MINE`, which
//! `bench-gate run --target-is-mine` sets). What decides is the addresses that a name resolves to, and those are the
//! ones that are connected to.
//!
//! ```text
//! bench.toml, environment -> Deployment -> DeployedApi (resolved, allowed) -> rehearsal -> load::drive
//! ```

mod cap;
mod error;
mod file;
mod operation;
mod place;
mod secrets;
mod session;
mod socket;
mod target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs, process};

pub use error::DeploymentError;
pub use operation::{Http, Plan};
pub use secrets::Secrets;
pub use session::DeployedSession;
pub(super) use socket::Socket;
pub use target::DeployedApi;

use super::facts::Facts;
use super::harness::skip;
use file::File;
pub use file::Users;

/// The variable that names the file.
pub const CONFIG: &str = "BENCH_CONFIG";

/// The variable by which the user says that the target is theirs.
pub const IS_MINE: &str = "BENCH_TARGET_IS_MINE";

/// The base of the API.
pub const API_URL: &str = "API_URL";

/// The WebSocket.
pub const WS_URL: &str = "WS_URL";

/// The file that is read where no other is named.
const FILE: &str = "bench.toml";

/// What can be named in the file's `[target]`, in small letters there.
const NAMED: [&str; 7] =
    [API_URL, WS_URL, "DATABASE_URL", "CLICKHOUSE_URL", "CLICKHOUSE_CLUSTER", "LLM_BASE_URL", "LLM_MODEL"];

/// The deployment that somebody described. Nothing was sent or resolved yet.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What was named, by variable.
    named: BTreeMap<&'static str, String>,
    /// What users do.
    pub users: Users,
    /// What is sent along and never shown.
    pub secrets: Secrets,
    /// Whether load may leave this machine.
    pub is_mine: bool,
}

impl Deployment {
    /// The deployment that these variables describe, and the file that they name, else `bench.toml` in the working
    /// folder.
    ///
    /// # Errors
    /// The file cannot be read or says something that cannot be meant, or a variable does.
    pub fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, DeploymentError> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let path = given(CONFIG)
            .map(PathBuf::from)
            .or_else(|| Some(FILE.into()).filter(|it: &PathBuf| it.is_file()));
        let file = path.as_deref().map_or_else(File::ours, read)?;
        let mut named = if path.is_some() { file.named } else { BTreeMap::new() };
        named.extend(NAMED.into_iter().filter_map(|name| Some((name, given(name)?.trim().to_owned()))));
        let is_mine = place::is_mine(given(IS_MINE).as_deref())?;
        Ok(Self { named, users: file.users, secrets: Secrets::of_variables(given)?, is_mine })
    }

    /// What `variable` names, by the environment or by the file.
    #[must_use]
    pub fn named(&self, variable: &str) -> Option<&str> {
        self.named.get(variable).map(String::as_str)
    }

    /// The API that load is to be sent to; none, where none was named.
    ///
    /// # Errors
    /// Its URL does not parse or resolve, is of another machine that nobody called theirs, or needs TLS that this
    /// build does not have.
    pub fn api(&self) -> Result<Option<DeployedApi>, DeploymentError> {
        match (self.named(API_URL), self.named(WS_URL)) {
            (Some(_), _) => DeployedApi::of(self).map(Some),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(DeploymentError::NoApi),
        }
    }

    /// # Errors
    /// One of these variables names a server on another machine, or one whose host does not resolve, and nobody said
    /// that it is theirs. A URL that does not parse is left for its reader to refuse.
    pub fn refuse_strangers(&self, variables: &[&'static str]) -> Result<(), DeploymentError> {
        let named = variables.iter().filter_map(|name| Some((*name, self.named(name)?)));
        named.into_iter().try_for_each(|(name, url)| place::refuse_stranger(name, url, self.is_mine))
    }
}

fn read(path: &Path) -> Result<File, DeploymentError> {
    let text = fs::read_to_string(path)
        .map_err(|source| DeploymentError::Unreadable { path: path.to_owned(), source })?;
    File::parse(path, &text)
}

/// The deployment that this process's environment describes, read once.
///
/// # Errors
/// As [`Deployment::of_variables`].
pub fn here() -> Result<&'static Deployment, &'static DeploymentError> {
    static HERE: OnceLock<Result<Deployment, DeploymentError>> = OnceLock::new();
    HERE.get_or_init(|| Deployment::of_variables(|name| env::var(name).ok())).as_ref()
}

/// [`here`]; ends the process with 2 where it cannot be meant.
#[must_use]
pub fn here_or_exit() -> &'static Deployment {
    here().unwrap_or_else(|error| exit(error))
}

/// What `variable` names in this process: by the environment, else by the file. Where that is broken, nothing:
/// [`Harness::from_env`](crate::bench::Harness::from_env) has refused it.
#[must_use]
pub fn named(variable: &str) -> Option<String> {
    let environment = || env::var(variable).ok().filter(|value| !value.trim().is_empty());
    here().ok().map_or_else(environment, |here| here.named(variable).map(str::to_owned))
}

/// The API that load is to be sent to in this process. Ends it with 2 where there is one and it cannot be.
#[must_use]
pub fn api_or_exit() -> Option<DeployedApi> {
    here_or_exit().api().unwrap_or_else(|error| exit(&error))
}

/// Ends the process with 2 where one of these variables names a server that is not this machine's.
pub fn refuse_strangers_or_exit(variables: &[&'static str]) {
    here_or_exit().refuse_strangers(variables).unwrap_or_else(|error| exit(&error));
}

/// Leaves the benchmark `id` that is running out, where there is a deployment: it is about a backend's memory, which is
/// seen in its own process only.
///
/// # Panics
/// That cannot be noted.
pub fn leave_memory_out(facts: &Facts, id: &str) {
    let Some(url) = named(API_URL) else { return };
    leave_out(facts, id, &format!("the memory of {} cannot be seen from here", place::shown(&url)))
}

/// Leaves the benchmark `id` that is running out: there is a deployment, and it cannot be measured there for this reason.
///
/// # Panics
/// That cannot be noted.
pub(super) fn leave_out(facts: &Facts, id: &str, reason: &str) -> ! {
    let noted = facts.note_row_not_run(id, reason, "unset API_URL to measure a backend in this process");
    noted.unwrap_or_else(|error| panic!("{error}"));
    skip()
}

/// Ends the process as bad input does.
pub(super) fn exit(error: &DeploymentError) -> ! {
    eprintln!("error: {error}");
    process::exit(2)
}

#[cfg(test)]
mod tests;
