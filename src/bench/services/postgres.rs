//! PostgreSQL: the user's by `DATABASE_URL`, else a throwaway of a binary that is found.
//!
//! A throwaway is a new cluster in a folder of its own, on a free port of the loopback interface, with a random
//! password. Writes do not wait for the disk (`fsync`, `synchronous_commit` and `full_page_writes` are off): its data
//! is of no use once it ends. Reports say so.

mod binary;
mod cluster;
mod namespace;

use std::path::PathBuf;

use self::binary::Binary;
pub use self::namespace::Namespace;
use super::{EngineFacts, Service, StartError, apart};
use crate::backend::database::postgres::{NEWEST_KNOWN, ServerFacts, survey};
use crate::bench::deployment;

/// The name in the benchmarks' ids.
pub const ENGINE: &str = "postgres";

/// The variable that names the user's own server.
pub const VARIABLE: &str = "DATABASE_URL";

/// Where a server is looked for, in this order.
#[derive(Debug, Clone)]
pub struct Sources {
    /// A URL.
    pub url: Option<String>,
    /// Folders of programs: those of `PATH`.
    pub path: Vec<PathBuf>,
    /// Where packages install each version under its number: `/usr/lib/postgresql`.
    pub installed: PathBuf,
    /// Where `scripts/engines.sh` puts it: `.bench/postgres`.
    pub fetched: PathBuf,
}

impl Sources {
    /// This process's own variables and machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let url = deployment::named(VARIABLE);
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            url,
            path: std::env::split_paths(&path).collect(),
            installed: PathBuf::from("/usr/lib/postgresql"),
            fetched: super::fetched_folder().join("postgres"),
        }
    }
}

/// A server, as `DATABASE_URL`, this machine and `.bench/` have it. Blocks, for about a second where one is started.
///
/// # Errors
/// There is none, or the first one of them does not work.
pub fn start() -> Result<Service, StartError> {
    start_from(&Sources::of_this_machine())
}

/// [`start`], from other sources.
///
/// # Errors
/// As [`start`].
pub fn start_from(sources: &Sources) -> Result<Service, StartError> {
    match &sources.url {
        Some(url) => named(url),
        None => cluster::start(&Binary::find(sources)?),
    }
}

/// The user's server.
fn named(url: &str) -> Result<Service, StartError> {
    let found = ask(url).map_err(|problem| StartError::Failed {
        engine: ENGINE,
        problem: format!("{VARIABLE} is set, and {problem}"),
        remedy: format!("or unset {VARIABLE} to have a throwaway server started"),
    })?;
    namespace::remove_abandoned(url, &found.place);
    let origin = format!("{VARIABLE} ({})", found.place);
    Ok(Service::new(url.to_owned(), facts(found, origin), ()))
}

fn facts(found: ServerFacts, origin: String) -> EngineFacts {
    let mut settings = found.settings;
    if found.major > NEWEST_KNOWN {
        settings.push(format!("newer than PostgreSQL {NEWEST_KNOWN}, the newest that was tested"));
    }
    EngineFacts {
        name: ENGINE.to_owned(),
        version: found.version,
        major: found.major.to_string(),
        origin,
        settings,
    }
}

fn ask(url: &str) -> Result<ServerFacts, String> {
    let asked = apart(survey(url)).map_err(|error| error.to_string())?;
    asked.map_err(|error| error.to_string())
}
