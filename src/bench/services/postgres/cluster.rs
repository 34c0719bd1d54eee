//! A throwaway cluster.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{ENGINE, ask, facts};
use crate::bench::services::postgres::binary::Binary;
use crate::bench::services::throwaway::Stop;
use crate::bench::services::{Account, Folder, Service, StartError, Throwaway, free_port, random_password};

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
const PATIENCE: Duration = Duration::from_mins(1);

/// How often another port is tried: between finding a free one and listening on it, another program may take it.
const ATTEMPTS: usize = 3;

/// Starts a new cluster of `binary`, and asks it what it is.
pub(super) fn start(binary: &Binary) -> Result<Service, StartError> {
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
    Ok(Service::of_throwaway(url.clone(), facts(ask(&url)?, origin), server))
}

/// The server, once it takes connections.
fn ready(mut server: Throwaway) -> std::io::Result<Throwaway> {
    if server.wait_until(PATIENCE, is_ready)? {
        return Ok(server);
    }
    Err(std::io::Error::other(server.last_words()))
}

fn launch(binary: &Binary, account: Option<Account>, password: &str) -> std::io::Result<(u16, Throwaway)> {
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
    Ok((port, Throwaway::start(folder, &serve, Stop::Quit)?))
}

/// The eighth line of the server's own file says how it is.
fn is_ready(folder: &Path) -> bool {
    let status = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}

#[cfg(test)]
mod tests {
    use crate::bench::services::postgres::{Sources, start_from};

    #[test]
    fn a_throwaway_tells_what_it_is_and_shows_no_password() {
        let started = start_from(&Sources { url: None, ..Sources::of_this_machine() });
        let service = started.unwrap_or_else(|error| panic!("{error}"));
        let facts = service.facts();
        assert_eq!(facts.name, "postgres");
        assert!(facts.version.starts_with(&facts.major), "{facts:?}");
        assert!(facts.settings.contains(&"fsync off".to_owned()), "{facts:?}");
        assert!(
            facts.origin.ends_with("/postgres") && !format!("{service:?}").contains("postgres:"),
            "{facts:?}"
        );
    }
}
