//! How an ephemeral ClickHouse starts.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chdb_server::{PORT, USERS};

use super::installed::Installed;
use crate::bench::services::ephemeral::{EphemeralServer, Stop};
use crate::bench::services::{Folder, free_port};

/// The user of an ephemeral server.
const USER: &str = "default";

/// How long a server may take until it answers: half a gigabyte may have to come from a slow disk first.
const STARTUP_GRACE: Duration = Duration::from_secs(30);

/// How long it may take to answer `/ping`.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Its URL, and the server.
pub(super) fn start(
    installed: &Installed,
    folder: Folder,
    password: &str,
) -> Result<(String, EphemeralServer), String> {
    let (port, server) = match installed {
        Installed::Program(program) => start_program(folder, program, password),
        Installed::Library { library, server } => start_library(folder, server, library, password),
    }?;
    Ok((format!("http://{USER}:{password}@127.0.0.1:{port}"), server))
}

/// The program that serves the library writes its port into a file.
fn start_library(
    folder: Folder,
    server: &Path,
    library: &Path,
    password: &str,
) -> Result<(u16, EphemeralServer), String> {
    folder.write(USERS, &format!("{USER} {password}\n")).map_err(|error| error.to_string())?;
    let mut command = Command::new(server);
    command.arg(library).arg(folder.path());
    let server = started(folder, &command, |folder| folder.join(PORT).exists())?;
    let port = fs::read_to_string(server.folder().join(PORT)).ok().and_then(|text| text.parse().ok());
    port.map(|port| (port, server)).ok_or_else(|| format!("its file `{PORT}` has no number"))
}

fn start_program(folder: Folder, program: &Path, password: &str) -> Result<(u16, EphemeralServer), String> {
    let port = free_port().map_err(|error| format!("no free port: {error}"))?;
    folder.write("users.xml", &users(password)).map_err(|error| error.to_string())?;
    let config = config(folder.path(), port);
    let config = folder.write("config.xml", &config).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("server").arg(format!("--config-file={}", config.display()));
    started(folder, &command, |_| answers(port)).map(|server| (port, server))
}

fn started(
    folder: Folder,
    command: &Command,
    ready: impl Fn(&Path) -> bool,
) -> Result<EphemeralServer, String> {
    let server = EphemeralServer::start(folder, command, Stop::Terminate);
    let mut server = server.map_err(|error| format!("its shell does not start: {error}"))?;
    match server.wait_until(STARTUP_GRACE, ready) {
        Ok(true) => Ok(server),
        Ok(false) => Err(format!("its log ends with `{}`", server.log_tail())),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a server on `port` answers to `/ping`.
fn answers(port: u16) -> bool {
    let ping = || {
        let mut stream =
            TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PING_TIMEOUT)?;
        stream.set_read_timeout(Some(PING_TIMEOUT))?;
        stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    ping().is_ok_and(|answer| answer.ends_with("Ok.\n"))
}

fn config(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "<clickhouse>\n\
         <logger><level>warning</level><console>1</console></logger>\n\
         <listen_host>127.0.0.1</listen_host>\n\
         <http_port>{port}</http_port>\n\
         <path>{folder}/data/</path>\n\
         <tmp_path>{folder}/tmp/</tmp_path>\n\
         <user_files_path>{folder}/user_files/</user_files_path>\n\
         <format_schema_path>{folder}/format_schemas/</format_schema_path>\n\
         <users_config>{folder}/users.xml</users_config>\n\
         <default_profile>default</default_profile>\n\
         <default_database>default</default_database>\n\
         <mark_cache_size>268435456</mark_cache_size>\n\
         </clickhouse>\n"
    )
}

fn users(password: &str) -> String {
    format!(
        "<clickhouse>\n\
         <profiles><default></default></profiles>\n\
         <users><{USER}>\n\
         <password>{password}</password>\n\
         <networks><ip>127.0.0.1</ip></networks>\n\
         <profile>default</profile>\n\
         <quota>default</quota>\n\
         </{USER}></users>\n\
         <quotas><default></default></quotas>\n\
         </clickhouse>\n"
    )
}
