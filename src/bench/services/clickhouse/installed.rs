//! Where a ClickHouse is looked for, and which one this machine has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::backend::database::CLICKHOUSE_OLDEST_MAJOR;
use crate::bench::deployment;
use crate::bench::services::{StartError, fetched_folder};

/// The name in the benchmarks' ids.
pub(super) const ENGINE: &str = "clickhouse";

/// The variable that names the user's own server.
pub const VARIABLE: &str = "CLICKHOUSE_URL";

/// The variable that names a cluster of that server, to measure its tables on all nodes.
pub const CLUSTER_VARIABLE: &str = "CLICKHOUSE_CLUSTER";

/// The library in the folder that `scripts/engines.sh` fetches.
const LIBRARY: &str = "libchdb.so";

/// The program that serves it.
const SERVER: &str = "chdb-server";

/// The command that fetches the library.
const FETCH: &str = "scripts/engines.sh clickhouse";

/// Where a server is looked for.
#[derive(Debug, Clone)]
pub struct ClickHouseSources {
    /// A URL.
    pub url: Option<String>,
    /// A cluster of the server there.
    pub cluster: Option<String>,
    /// Folders of programs: those of `PATH`.
    pub path: Vec<PathBuf>,
    /// Where `scripts/engines.sh` puts the library: `.bench/chdb`.
    pub fetched: PathBuf,
    /// Folders that may have the program `chdb-server`: Cargo puts it above the benches, tests and examples.
    pub programs: Vec<PathBuf>,
}

impl ClickHouseSources {
    /// This process's own variables and machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            url: deployment::named(VARIABLE),
            cluster: cluster(),
            path: std::env::split_paths(&path).collect(),
            fetched: fetched_folder().join("chdb"),
            programs: program.ancestors().skip(1).take(2).map(PathBuf::from).collect(),
        }
    }
}

/// The cluster that `CLICKHOUSE_CLUSTER` or the file of the deployment names.
#[must_use]
pub fn cluster() -> Option<String> {
    deployment::named(CLUSTER_VARIABLE)
}

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
    pub(crate) fn find(sources: &ClickHouseSources) -> Result<Self, StartError> {
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

pub(super) fn failed(problem: String, remedy: String) -> StartError {
    StartError::Failed { engine: ENGINE, problem, remedy }
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
