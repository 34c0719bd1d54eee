//! The ClickHouse that a machine has, and how an ephemeral server of it starts.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use chdb_server::{PORT, USERS};

use super::sources::{ClickHouseSources, ENGINE, failed};
use crate::backend::database::CLICKHOUSE_OLDEST_MAJOR;
use crate::bench::services::ephemeral::Stop;
use crate::bench::services::{EphemeralServer, Folder, StartError, free_port};

/// The library in the folder that `scripts/engines.sh` fetches.
const LIBRARY: &str = "libchdb.so";

/// The program that serves it.
const SERVER: &str = "chdb-server";

/// The command that fetches the library.
const FETCH: &str = "scripts/engines.sh clickhouse";

/// The user of an ephemeral server.
const USER: &str = "default";

/// How long a server may take until it answers: half a gigabyte may have to come from a slow disk first.
const STARTUP_GRACE: Duration = Duration::from_secs(30);

/// How long it may take to answer `/ping`.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// A ClickHouse that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Installed {
    /// The official program.
    Program(PathBuf),
    /// The engine as a library, and the program that serves it.
    Library { library: PathBuf, server: PathBuf },
}

impl Installed {
    /// The program, else the library.
    pub fn find(sources: &ClickHouseSources) -> Result<Self, StartError> {
        let program = sources.path.iter().map(|folder| folder.join(ENGINE)).find(|program| program.is_file());
        let version = program.as_deref().map(version_of);
        if let (Some(program), Some(Some(major))) = (&program, version)
            && major >= CLICKHOUSE_OLDEST_MAJOR
        {
            return Ok(Self::Program(program.clone()));
        }
        let reason = match program {
            Some(program) => format!("{} is older than {CLICKHOUSE_OLDEST_MAJOR}.1", program.display()),
            None => "no ClickHouse is installed, and none was fetched".to_owned(),
        };
        let absent = StartError::NotRun { engine: ENGINE, reason, remedy: FETCH.to_owned() };
        Self::fetched(sources)?.ok_or(absent)
    }

    /// None, where nothing was fetched. A folder without all its files is an error.
    fn fetched(sources: &ClickHouseSources) -> Result<Option<Self>, StartError> {
        let library = sources.fetched.join(LIBRARY);
        if !sources.fetched.exists() {
            return Ok(None);
        }
        if !is_whole(&sources.fetched) {
            return Err(failed(format!("{} is not whole", sources.fetched.display()), FETCH.to_owned()));
        }
        let server = sources.programs.iter().map(|folder| folder.join(SERVER)).find(|path| path.is_file());
        let server = server.ok_or_else(|| {
            let problem = format!("the program {SERVER}, which serves {}, was not built", library.display());
            failed(problem, format!("run `cargo build --bin {SERVER}` in the same profile"))
        })?;
        Ok(Some(Self::Library { library, server }))
    }

    /// Of the program or the library.
    pub fn path(&self) -> &Path {
        match self {
            Self::Program(path) | Self::Library { library: path, .. } => path,
        }
    }

    /// Settings that its numbers depend on.
    pub fn settings(&self) -> Vec<String> {
        let mut settings = vec!["writes do not wait for the disk (ClickHouse's default)".to_owned()];
        if let Self::Library { .. } = self {
            settings.push("the engine is a library (chDB) behind this project's HTTP server".to_owned());
        }
        settings
    }

    /// Its URL, and the server.
    pub fn start(&self, folder: Folder, password: &str) -> Result<(String, EphemeralServer), String> {
        let (port, server) = match self {
            Self::Program(program) => start_program(folder, program, password),
            Self::Library { library, server } => start_library(folder, server, library, password),
        }?;
        Ok((format!("http://{USER}:{password}@127.0.0.1:{port}"), server))
    }
}

/// The first number of its version.
fn version_of(program: &Path) -> Option<u32> {
    let output = Command::new(program).args(["server", "--version"]).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok())
}

/// Whether the files of a fetched folder have the sizes in its stamp, which `scripts/engines.sh` writes last.
fn is_whole(folder: &Path) -> bool {
    let stamp = fs::read_to_string(folder.join("complete")).unwrap_or_default();
    let mut files = stamp.lines().skip(1).map(|line| line.split_once(' ').unwrap_or_default()).peekable();
    let has_size = |(size, file): (&str, &str)| {
        fs::metadata(folder.join(file)).is_ok_and(|found| found.len().to_string() == size)
    };
    files.peek().is_some() && files.all(has_size)
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    /// A machine with the programs and the library that a test puts there.
    struct Machine(TempDir);

    impl Machine {
        fn empty() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(self, inner: &str, content: &str) -> Self {
            let path = self.0.path().join(inner);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            self
        }

        fn program(self, version: &str) -> Self {
            self.write("bin/clickhouse", &format!("#!/bin/sh\necho 'ClickHouse server version {version}.'\n"))
        }

        fn library(self) -> Self {
            self.write("chdb/libchdb.so", "1234")
                .write("chdb/complete", "@chdb/x@26.7.3\n4 libchdb.so\n")
                .write("target/chdb-server", "")
        }

        /// The file that is chosen, or the error.
        fn found(&self) -> String {
            let folder = |name: &str| self.0.path().join(name);
            let sources = ClickHouseSources {
                url: None,
                cluster: None,
                path: vec![folder("bin")],
                fetched: folder("chdb"),
                programs: vec![folder("target")],
            };
            match Installed::find(&sources) {
                Ok(installed) => installed.path().file_name().unwrap().display().to_string(),
                Err(error) => error.to_string(),
            }
        }
    }

    #[test]
    fn a_program_that_is_new_enough_goes_before_the_library() {
        assert_eq!(Machine::empty().library().found(), "libchdb.so");
        assert_eq!(Machine::empty().library().program("26.9.1.7 (official build)").found(), "clickhouse");
        assert_eq!(Machine::empty().library().program("18.16.1").found(), "libchdb.so");
    }

    #[test]
    fn without_any_the_command_is_named() {
        for (machine, reason) in
            [(Machine::empty(), "none was fetched"), (Machine::empty().program("18.16.1"), "older")]
        {
            let error = machine.found();
            assert!(error.contains("NOT RUN") && error.contains("scripts/engines.sh"), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn half_a_library_is_a_failure() {
        let broken =
            [("chdb/libchdb.so", "123"), ("chdb/complete", ""), ("chdb/complete", "@chdb/x@26.7.3\n")];
        for (file, content) in broken {
            let error = Machine::empty().library().write(file, content).found();
            assert!(error.contains("not whole") && !error.contains("NOT RUN"), "{error}");
        }
    }

    #[test]
    fn a_library_without_its_program_is_a_failure() {
        let machine = Machine::empty().library();
        fs::remove_dir_all(machine.0.path().join("target")).unwrap();
        assert!(machine.found().contains("cargo build --bin chdb-server"));
    }
}
