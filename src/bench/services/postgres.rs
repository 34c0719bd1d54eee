//! PostgreSQL: the user's by `DATABASE_URL`, else an ephemeral server of a binary that is found.
//!
//! An ephemeral server has a new cluster in a folder of its own, on a free port of the loopback interface, with a random
//! password. Writes do not wait for the disk (`fsync`, `synchronous_commit` and `full_page_writes` are off): its data
//! is of no use once it ends. Reports say so.

mod binary;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bench_gate::metadata::Engine;
use sqlx::{Connection, PgConnection};

use self::binary::Binary;
pub use self::binary::{ENGINE, PostgresSources, VARIABLE};
use super::ephemeral::Stop;
use super::{
    Account, EphemeralServer, Folder, Service, StartError, apart, free_port, namespace_name,
    namespace_number, random_password,
};
use crate::backend::database::postgres::{NEWEST_KNOWN, ServerMetadata, survey};
use crate::backend::database::{PoolOptions, Postgres};

/// A server from the sources of this machine. Blocks for about a second if it starts one.
///
/// # Errors
/// There is none, or the first one found does not work.
pub fn start() -> Result<Service, StartError> {
    start_from(&PostgresSources::of_this_machine())
}

/// [`start`], from other sources.
///
/// # Errors
/// As [`start`].
pub fn start_from(sources: &PostgresSources) -> Result<Service, StartError> {
    match &sources.url {
        Some(url) => named(url),
        None => start_ephemeral(&Binary::find(sources)?),
    }
}

/// The user's server.
fn named(url: &str) -> Result<Service, StartError> {
    let found = ask(url).map_err(|problem| StartError::Failed {
        engine: ENGINE,
        problem: format!("{VARIABLE} is set, and {problem}"),
        remedy: format!("or unset {VARIABLE}: then the bench starts a server"),
    })?;
    remove_abandoned(url, &found.place);
    let origin = format!("{VARIABLE} ({})", found.place);
    Ok(Service::new(url.to_owned(), metadata(found, origin), ()))
}

/// Makes the cluster and becomes its server. Without sockets in the file system, since TCP is how all are reached.
/// Shared memory is in files of the folder: a server that is killed would leave it in `/dev/shm`.
const SERVE: &str = r#"
"$1/initdb" -D "$2/data" -U postgres -A scram-sha-256 --pwfile="$2/password" --no-sync --no-instructions \
    -E UTF8 --locale=C || exit
rm -f "$2/password"
exec "$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c dynamic_shared_memory_type=mmap -c fsync=off -c synchronous_commit=off -c full_page_writes=off
"#;

/// How long a cluster may take to be ready; it takes less than a second where nothing else runs.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// How often another port is tried: between finding a free one and listening on it, another program may take it.
const ATTEMPTS: usize = 3;

/// Starts a new cluster of `binary`.
fn start_ephemeral(binary: &Binary) -> Result<Service, StartError> {
    let mut started = attempt(binary);
    for _ in 1..ATTEMPTS {
        match &started {
            Err(problem) if problem.contains("Address already in use") => started = attempt(binary),
            _ => break,
        }
    }
    started.map_err(|problem| StartError::Failed {
        engine: ENGINE,
        problem: format!("{}: {problem}", binary.program("postgres").display()),
        remedy: binary.remedy.clone(),
    })
}

fn attempt(binary: &Binary) -> Result<Service, String> {
    let account = Account::for_server(&["postgres"])?;
    let user = account.as_ref().map_or("this user".to_owned(), |account| account.name().to_owned());
    let password = random_password();
    let started = launch(binary, account, &password);
    let (port, server) = started
        .and_then(|(port, server)| Ok((port, ready(server)?)))
        .map_err(|error| format!("{user} cannot start it: {error}"))?;
    let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
    let origin = binary.program("postgres").display().to_string();
    Ok(Service::ephemeral(url.clone(), metadata(ask(&url)?, origin), server))
}

/// The server, once it takes connections.
fn ready(mut server: EphemeralServer) -> std::io::Result<EphemeralServer> {
    if server.wait_until(START_TIMEOUT, is_ready)? {
        return Ok(server);
    }
    Err(std::io::Error::other(server.log_tail()))
}

fn launch(
    binary: &Binary,
    account: Option<Account>,
    password: &str,
) -> std::io::Result<(u16, EphemeralServer)> {
    let folder = Folder::create(ENGINE, account)?;
    folder.write("password", password)?;
    let port = free_port()?;
    let mut serve = Command::new("sh");
    serve.args(["-c", SERVE, "serve"]).arg(&binary.folder).arg(folder.path()).arg(port.to_string());
    serve.env("LC_ALL", "C");
    // The user's own settings for clients and servers are not this server's.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        serve.env_remove(name);
    }
    Ok((port, EphemeralServer::start(folder, &serve, Stop::Quit)?))
}

/// The eighth line of the server's own file says how it is.
fn is_ready(folder: &Path) -> bool {
    let status = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}

fn metadata(found: ServerMetadata, origin: String) -> Engine {
    let mut settings = found.settings;
    if found.major > NEWEST_KNOWN {
        settings.push(format!("newer than PostgreSQL {NEWEST_KNOWN}, the newest that was tested"));
    }
    Engine {
        name: ENGINE.to_owned(),
        version: found.version,
        major: found.major.to_string(),
        origin,
        settings,
    }
}

fn ask(url: &str) -> Result<ServerMetadata, String> {
    let asked = apart(survey(url)).map_err(|error| error.to_string())?;
    asked.map_err(|error| error.to_string())
}

/// The schemas that are in use by no connection.
const LEFT: &str = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^backend_bench_[0-9a-f]{16}$' \
                    AND obj_description(oid, 'pg_namespace') LIKE 'made by backend-bench, version %' \
                    AND NOT EXISTS (SELECT FROM pg_stat_activity \
                                    WHERE application_name = 'backend-bench ' || nspname) ORDER BY nspname";

/// A claimed name. It is free when this is dropped.
pub struct Namespace {
    name: String,
    #[expect(dead_code, reason = "holds the lock")]
    connection: PgConnection,
}

impl Namespace {
    /// Claims a new name on the server at `url`.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn claim(url: &str) -> Result<Self, sqlx::Error> {
        let name = namespace_name();
        let mut connection = PgConnection::connect(url).await?;
        // Servers before 14 do not know it, and end no session for being idle.
        sqlx::query("SET idle_session_timeout = 0").execute(&mut connection).await.ok();
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(namespace_number(&name));
        lock.execute(&mut connection).await?;
        Ok(Self { name, connection })
    }

    /// The schema's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Removes what killed benches have left on the server at `url`, described as `place`, and reports it. What cannot be
/// removed stays, and is reported.
fn remove_abandoned(url: &str, place: &str) {
    match apart(remove_all(url, place)).map_err(sqlx::Error::from).flatten() {
        Ok(messages) => messages.iter().for_each(|message| eprintln!("{VARIABLE}: {message}")),
        Err(error) => eprintln!("{VARIABLE}: cannot look for schemas of killed benches on {place}: {error}"),
    }
}

async fn remove_all(url: &str, place: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let left: Vec<String> = sqlx::query_scalar(LEFT).fetch_all(&mut connection).await?;
    let mut messages = Vec::new();
    for name in left {
        let number = namespace_number(&name);
        let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(number);
        if lock.fetch_one(&mut connection).await? {
            messages.push(remove(url, &name, place).await);
            let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(number);
            unlock.execute(&mut connection).await?;
        }
    }
    connection.close().await.map(|()| messages)
}

async fn remove(url: &str, name: &str, place: &str) -> String {
    let removed = async { Postgres::open(url, name, PoolOptions::default()).await?.remove_schema().await };
    match removed.await {
        Ok(()) => format!("removed the schema {name} of {place}: the bench that made it was killed"),
        Err(error) => format!("a killed bench left the schema {name}: {error}"),
    }
}
