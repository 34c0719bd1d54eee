//! The reasons why a deployment cannot be measured, and the variables that they name.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::bench::load::{Failure, MixError};

/// What is wrong with a deployment, and what to do about it. Nothing of it shows a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// The file cannot be read.
    #[error("{}: cannot read the deployment: {source}; set {CONFIG} to a file that is there, or unset it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file has a wrong value or an unknown key.
    #[error("{}:{line}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there, and what would be right.
        problem: String,
    },
    /// The operations of the file are not a mix.
    #[error("{}: {error}", path.display())]
    Operations {
        /// The file.
        path: PathBuf,
        /// Why.
        error: MixError,
    },
    /// A variable has a wrong value.
    #[error("{variable}: {problem}")]
    Variable {
        /// Its name.
        variable: &'static str,
        /// What is wrong with it, without its value.
        problem: String,
    },
    /// A WebSocket without an API.
    #[error(
        "{WS_URL} is set and {API_URL} is not: set {API_URL} to the base of the API, as in http://127.0.0.1:8080"
    )]
    NoApi,
    /// A URL that no load can be sent to.
    #[error("{variable}={shown:?} is no target ({problem}): give a base, as in {form}")]
    Url {
        /// The variable.
        variable: &'static str,
        /// What was given, without credentials.
        shown: String,
        /// What is wrong with it.
        problem: String,
        /// What would be right.
        form: &'static str,
    },
    /// Encrypted, and this build cannot.
    #[error("{variable} is {scheme}, and this build has no TLS: build with `--features tls`")]
    NoTls {
        /// The variable.
        variable: &'static str,
        /// `https` or `wss`.
        scheme: String,
    },
    /// A host without an address.
    #[error(
        "{variable}: the host {host} does not resolve ({reason}): correct its name, or the machine's DNS"
    )]
    Unresolved {
        /// The variable.
        variable: &'static str,
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// Another machine, not declared the user's.
    #[error(
        "{variable}: {}, and load is sent to the owner's machines only: if it is yours, say so with \
         `bench-gate run --target-is-mine`, or {IS_MINE}=1 for `cargo bench`", another(.host, *.address)
    )]
    Stranger {
        /// The variable.
        variable: &'static str,
        /// The host.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// An operation that did not succeed before there was any load.
    #[error("{target}, asked once before any load: operation `{operation}` failed ({failure}): {remedy}")]
    Rehearsal {
        /// The target's base.
        target: String,
        /// The operation.
        operation: String,
        /// How it failed.
        failure: Failure,
        /// What to do.
        remedy: &'static str,
    },
    /// The HTTP client could not be built.
    #[error("no HTTP client for {API_URL}: {0}")]
    Client(#[source] reqwest::Error),
}

/// That `host`, which is at `address`, is not this machine.
fn another(host: &str, address: IpAddr) -> String {
    if host.trim_matches(['[', ']']) == address.to_string() {
        return format!("{host} is not this machine");
    }
    format!("{host} is {address}, which is not this machine")
}

/// The variable that names the file.
pub const CONFIG: &str = "BENCH_CONFIG";

/// The variable by which the user says that the target is theirs.
pub(crate) const IS_MINE: &str = "BENCH_TARGET_IS_MINE";

/// The base of the API.
pub(crate) const API_URL: &str = "API_URL";

/// The WebSocket.
pub(crate) const WS_URL: &str = "WS_URL";

/// Where secrets belong.
pub(crate) const SECRET_REMEDY: &str = "secrets are taken from the environment only: set API_TOKEN to a bearer token, or \
                             BENCH_HEADERS to lines of `Name: value`";

/// What can be named in the file's `[target]`, in small letters there.
pub(crate) const NAMED: [&str; 7] =
    [API_URL, WS_URL, "DATABASE_URL", "CLICKHOUSE_URL", "CLICKHOUSE_CLUSTER", "LLM_BASE_URL", "LLM_MODEL"];
