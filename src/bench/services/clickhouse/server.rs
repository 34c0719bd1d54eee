//! Starting a throwaway.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chdb_server::{PORT, USERS};

use super::{Folder, Throwaway, USER};
use crate::bench::services::free_port;
use crate::bench::services::throwaway::Stop;

/// How long a server may take until it can be asked: half a gigabyte may have to come from a slow disk first.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take to answer that it can be asked.
const ANSWER: Duration = Duration::from_secs(1);

/// Serves the library by the program beside the benches. It tells its port itself.
pub fn of_library(
    folder: Folder,
    program: &Path,
    library: &Path,
    password: &str,
) -> Result<(u16, Throwaway), String> {
    folder.write(USERS, &format!("{USER} {password}\n")).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg(library).arg(folder.path());
    let throwaway = started(folder, &command, |folder| folder.join(PORT).exists())?;
    let port = fs::read_to_string(throwaway.folder().join(PORT)).ok().and_then(|text| text.parse().ok());
    port.map(|port| (port, throwaway)).ok_or_else(|| "it told no port".to_owned())
}

/// Starts a server's own program with a configuration for it, and with the port of its own protocol where one is given.
pub fn of_program(
    folder: Folder,
    program: &Path,
    first: &[&str],
    password: &str,
    native: Option<u16>,
) -> Result<(u16, Throwaway), String> {
    let port = free_port().map_err(|error| format!("no free port: {error}"))?;
    folder.write("users.xml", &users(password)).map_err(|error| error.to_string())?;
    let config = folder
        .write("config.xml", &config(folder.path(), port, native))
        .map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(first).arg(format!("--config-file={}", config.display()));
    started(folder, &command, |_| can_be_asked(port)).map(|throwaway| (port, throwaway))
}

fn started(folder: Folder, command: &Command, ready: impl Fn(&Path) -> bool) -> Result<Throwaway, String> {
    let throwaway = Throwaway::start(folder, command, Stop::Terminate);
    let mut throwaway = throwaway.map_err(|error| format!("its shell does not start: {error}"))?;
    match throwaway.wait_until(PATIENCE, ready) {
        Ok(true) => Ok(throwaway),
        Ok(false) => Err(format!("it says `{}`", throwaway.last_words())),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a server on `port` answers to `/ping`.
fn can_be_asked(port: u16) -> bool {
    let place = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&place, ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    ask().is_ok_and(|answer| answer.ends_with("Ok.\n"))
}

/// Understood by servers of 2018 and of today: `yandex` was the root's name then, and is still taken.
fn config(folder: &Path, port: u16, native: Option<u16>) -> String {
    let folder = folder.display();
    let native = native.map(|port| format!("<tcp_port>{port}</tcp_port>\n")).unwrap_or_default();
    format!(
        "<yandex>\n\
         <logger><level>warning</level><console>1</console></logger>\n\
         <listen_host>127.0.0.1</listen_host>\n\
         <http_port>{port}</http_port>\n\
         {native}\
         <path>{folder}/data/</path>\n\
         <tmp_path>{folder}/tmp/</tmp_path>\n\
         <user_files_path>{folder}/user_files/</user_files_path>\n\
         <format_schema_path>{folder}/format_schemas/</format_schema_path>\n\
         <users_config>{folder}/users.xml</users_config>\n\
         <default_profile>default</default_profile>\n\
         <default_database>default</default_database>\n\
         <mark_cache_size>268435456</mark_cache_size>\n\
         </yandex>\n"
    )
}

fn users(password: &str) -> String {
    format!(
        "<yandex>\n\
         <profiles><default></default></profiles>\n\
         <users><{USER}>\n\
         <password>{password}</password>\n\
         <networks><ip>127.0.0.1</ip></networks>\n\
         <profile>default</profile>\n\
         <quota>default</quota>\n\
         </{USER}></users>\n\
         <quotas><default></default></quotas>\n\
         </yandex>\n"
    )
}
