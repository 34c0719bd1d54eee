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
//! bench.toml, environment -> Deployment -> DeployedApi (resolved, allowed) -> rehearsal -> load
//! ```

mod api;
mod error;
mod file;
mod plan;
mod secrets;
mod session;
mod socket;
mod url;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs, process};

pub use api::DeployedApi;
pub(crate) use error::API_URL;
pub use error::CONFIG;
pub use error::DeploymentError;
use error::{IS_MINE, NAMED, WS_URL};
use file::DeploymentFile;
pub use file::Users;
pub use plan::Plan;
pub use secrets::Secrets;
pub use session::DeployedSession;
pub(crate) use session::answer;
pub(crate) use socket::Socket;
pub(crate) use url::without_credentials;

/// The file that is read where no other is named.
const FILE: &str = "bench.toml";

/// A deployment as it was described. Nothing was sent or resolved yet.
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
    /// The file cannot be read, or the file or a variable has a wrong value.
    pub fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, DeploymentError> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let path = given(CONFIG)
            .map(PathBuf::from)
            .or_else(|| Some(FILE.into()).filter(|it: &PathBuf| it.is_file()));
        let file = path.as_deref().map_or_else(DeploymentFile::ours, read)?;
        let mut named = if path.is_some() { file.named() } else { BTreeMap::new() };
        named.extend(NAMED.into_iter().filter_map(|name| Some((name, given(name)?.trim().to_owned()))));
        let users = file.users(path.as_deref())?;
        let is_mine = url::is_mine(given(IS_MINE).as_deref())?;
        Ok(Self { named, users, secrets: Secrets::of_variables(given)?, is_mine })
    }

    /// What `variable` names, by the environment or by the file.
    #[must_use]
    pub fn named(&self, variable: &str) -> Option<&str> {
        self.named.get(variable).map(String::as_str)
    }

    /// The API that load is to be sent to; none, where none was named.
    ///
    /// # Errors
    /// Its URL does not parse or resolve, is of another machine and not declared the user's, or needs TLS that this
    /// build does not have.
    pub fn api(&self) -> Result<Option<DeployedApi>, DeploymentError> {
        match (self.named(API_URL), self.named(WS_URL)) {
            (Some(url), socket) => {
                let (users, secrets) = (self.users.clone(), self.secrets.clone());
                DeployedApi::of(url, socket, self.is_mine, users, secrets).map(Some)
            }
            (None, None) => Ok(None),
            (None, Some(_)) => Err(DeploymentError::NoApi),
        }
    }

    /// # Errors
    /// One of these variables names a server on another machine, or one whose host does not resolve, and it is not declared
    /// the user's. A URL that does not parse is left for its reader to refuse.
    pub fn refuse_strangers(&self, variables: &[&'static str]) -> Result<(), DeploymentError> {
        let named = variables.iter().filter_map(|name| Some((*name, self.named(name)?)));
        named.into_iter().try_for_each(|(name, url)| url::refuse_stranger(name, url, self.is_mine))
    }
}

fn read(path: &Path) -> Result<DeploymentFile, DeploymentError> {
    let text = fs::read_to_string(path)
        .map_err(|source| DeploymentError::Unreadable { path: path.to_owned(), source })?;
    DeploymentFile::parse(path, &text)
}

/// The deployment that this process's environment describes, read once.
///
/// # Errors
/// As [`Deployment::of_variables`].
pub(crate) fn here() -> Result<&'static Deployment, &'static DeploymentError> {
    static HERE: OnceLock<Result<Deployment, DeploymentError>> = OnceLock::new();
    HERE.get_or_init(|| Deployment::of_variables(|name| env::var(name).ok())).as_ref()
}

/// [`here`]; ends the process with 2 where it has a wrong value.
#[must_use]
pub(crate) fn here_or_exit() -> &'static Deployment {
    here().unwrap_or_else(|error| exit(error))
}

/// What `variable` names in this process: by the environment, else by the file. Where that is broken, nothing:
/// [`Harness::from_env`](crate::bench::Harness::from_env) has refused it.
#[must_use]
pub(crate) fn named(variable: &str) -> Option<String> {
    let environment = || env::var(variable).ok().filter(|value| !value.trim().is_empty());
    here().ok().map_or_else(environment, |here| here.named(variable).map(str::to_owned))
}

/// The API that load is to be sent to in this process. Ends it with 2 where there is one and it cannot be.
#[must_use]
pub(crate) fn api_or_exit() -> Option<DeployedApi> {
    here_or_exit().api().unwrap_or_else(|error| exit(&error))
}

/// [`Deployment::refuse_strangers`]; ends the process with 2 where one is refused.
pub(crate) fn refuse_strangers_or_exit(variables: &[&'static str]) {
    here_or_exit().refuse_strangers(variables).unwrap_or_else(|error| exit(&error));
}

/// Ends the process as bad input does.
pub(super) fn exit(error: &DeploymentError) -> ! {
    eprintln!("error: {error}");
    process::exit(2)
}

#[cfg(test)]
mod tests;
