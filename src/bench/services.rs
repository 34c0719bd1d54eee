//! Servers to measure: the user's, by URL, or an ephemeral one of ours that ends with the process that started it.
//!
//! Every engine is looked for in the same order, and the first that is there is taken or fails; none falls through
//! to the next:
//!
//! 1. the URL in the engine's variable (`DATABASE_URL`, `CLICKHOUSE_URL`),
//! 2. a server binary on this machine, started as a [`EphemeralServer`],
//! 3. a binary that `scripts/engines.sh` fetched into `.bench/`, started in the same way,
//! 4. none: [`StartError::NotRun`], with the reason and the command that changes it.

pub mod clickhouse;
pub mod ephemeral;
pub mod postgres;
pub mod process;

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bench_gate::metadata::Engine;

pub use ephemeral::{EphemeralServer, Folder};
pub use process::Account;

/// What the names of the benches' own schemas and databases begin with.
const NAMESPACE: &str = "backend_bench_";

/// A server to measure. An ephemeral one ends and leaves nothing when this is dropped, by a panic too.
pub struct Service {
    url: String,
    metadata: Engine,
    /// In a mutex that is never locked: it makes the service `Sync` whatever its guard is.
    #[expect(dead_code, reason = "held for what its drop does")]
    guard: Mutex<Box<dyn Any + Send>>,
}

impl Service {
    /// The server at `url`, which is there for as long as `guard` is (`()` for one that is not ours).
    pub fn new(url: String, metadata: Engine, guard: impl Any + Send) -> Self {
        Self { url, metadata, guard: Mutex::new(Box::new(guard)) }
    }

    /// The ephemeral server at `url`. If its data is in memory, its metadata say so.
    fn ephemeral(url: String, mut metadata: Engine, server: EphemeralServer) -> Self {
        metadata.settings.extend(ephemeral::memory_setting(server.folder()));
        Self::new(url, metadata, server)
    }

    /// Where it is reached, with its password: not for people to read.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What a report says of it.
    #[must_use]
    pub fn metadata(&self) -> &Engine {
        &self.metadata
    }
}

impl std::fmt::Debug for Service {
    /// Without the URL, since that has the password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Service").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}

/// Why there is no server to measure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is none: its rows are not run.
    #[error("{engine}: NOT RUN: {reason}: {remedy}")]
    NotRun {
        /// The name in the benchmarks' ids.
        engine: &'static str,
        /// Why there is none.
        reason: String,
        /// The one command that changes it.
        remedy: String,
    },
    /// One was named or found, and does not work. The next choice is not tried.
    #[error("{engine}: {problem}: {remedy}")]
    Failed {
        /// The name in the benchmarks' ids.
        engine: &'static str,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
}

/// The folder that `scripts/engines.sh` fetches engines into: `.bench` beside the `Cargo.toml` that is found from the
/// working folder upwards, else beside this crate's own.
#[must_use]
pub fn fetched_folder() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let project = here.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
    project.unwrap_or(Path::new(env!("CARGO_MANIFEST_DIR"))).join(".bench")
}

/// A password that cannot be guessed: 128 random bits as hexadecimal digits, so that a URL can hold it as it is.
pub(crate) fn random_password() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A unique name: of a schema in PostgreSQL, of a database in ClickHouse. Those of this form are the
/// benches' own, and are removed once the bench that made one is certainly gone.
fn namespace_name() -> String {
    format!("{NAMESPACE}{:016x}", rand::random::<u64>())
}

/// The number in such a name; 0 in any other.
fn namespace_number(name: &str) -> i64 {
    let digits = name.strip_prefix(NAMESPACE).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default().cast_signed()
}

/// Runs `work` on a thread and a runtime of its own, since the caller may be inside of one.
fn apart<T: Send>(work: impl Future<Output = T> + Send) -> std::io::Result<T> {
    let run = || Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work));
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
}

/// A free port of the loopback interface.
///
/// # Errors
/// The loopback interface has no port left, or there is none.
pub fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The environment variable that names them, with commas between them.
const REQUIRE_VARIABLE: &str = "BENCH_REQUIRE";

/// Those that the environment names.
fn required() -> Vec<String> {
    split(&std::env::var(REQUIRE_VARIABLE).unwrap_or_default())
}

fn split(names: &str) -> Vec<String> {
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Whether the environment names `engine`.
pub(crate) fn is_required(engine: &str) -> bool {
    required().iter().any(|name| name == engine)
}

/// Ends the process with 2 where the environment names an engine that is not among `known`.
pub(crate) fn refuse_unknown_required(known: &[&str]) {
    if let Some(problem) = unknown(&required(), known) {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

fn unknown(named: &[String], known: &[&str]) -> Option<String> {
    let unknown = named.iter().find(|name| !known.contains(&name.as_str()))?;
    Some(format!("{REQUIRE_VARIABLE} names no engine with {unknown:?}: there are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_shows_no_password() {
        let metadata = Engine {
            name: "postgres".to_owned(),
            version: "15.1".to_owned(),
            major: "15".to_owned(),
            origin: "DATABASE_URL (localhost:5432/app)".to_owned(),
            settings: Vec::new(),
        };
        let service = Service::new("postgres://app:secret@localhost/app".to_owned(), metadata, ());
        assert!(!format!("{service:?}").contains("secret"), "{service:?}");
        assert!(service.url().contains("secret"));
    }

    #[test]
    fn a_namespace_is_named_by_its_number() {
        let name = namespace_name();
        assert_eq!(name, format!("backend_bench_{:016x}", namespace_number(&name)));
        assert_ne!(name, namespace_name());
    }

    #[test]
    fn passwords_differ_and_need_no_escape() {
        let (first, second) = (random_password(), random_password());
        assert_ne!(first, second);
        assert!(first.len() == 32 && first.chars().all(|digit| digit.is_ascii_hexdigit()), "{first}");
    }

    #[test]
    fn what_was_fetched_lies_beside_the_manifest() {
        assert!(fetched_folder().with_file_name("Cargo.toml").is_file());
    }

    #[test]
    fn names_are_taken_apart_and_unknown_ones_refused() {
        assert_eq!(split(" postgres, clickhouse,,"), ["postgres", "clickhouse"]);
        assert!(split("").is_empty());
        let known = ["sqlite", "postgres"];
        assert_eq!(unknown(&split("postgres,sqlite"), &known), None);
        let problem = unknown(&split("postgres,mysql"), &known).unwrap();
        assert!(problem.contains("\"mysql\": there are sqlite, postgres"), "{problem}");
    }
}
