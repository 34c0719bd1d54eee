//! What a machine has of ClickHouse, and which of them is taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ENGINE, FETCH, Sources, StartError, failed};

/// The library in the folder that `scripts/engines.sh` fetches.
const LIBRARY: &str = "libchdb.so";

/// The program that serves it.
const FRONT: &str = "chdb-server";

/// A ClickHouse that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Of the program or library.
    pub path: PathBuf,
    /// None, where the program does not tell: servers of 2018 do not know `--version`.
    version: Option<Version>,
    pub kind: Kind,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A server, and the arguments that go before its own: the official program is many programs in one.
    Server { first: &'static [&'static str] },
    /// The engine as a library, and the program that serves it.
    Library { program: PathBuf },
}

/// A version: numbers between dots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Version(Vec<u32>);

impl Version {
    /// The first number with dots in `text`.
    fn in_text(text: &str) -> Option<Self> {
        let number = |word: &str| {
            let word = word.split(|other: char| !other.is_ascii_digit() && other != '.').next()?;
            let parts =
                word.trim_matches('.').split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok()?;
            (parts.len() > 1).then_some(Self(parts))
        };
        text.split_whitespace().find_map(number)
    }
}

impl Candidate {
    /// The newest that `sources` have.
    pub fn newest(sources: &Sources) -> Result<Self, StartError> {
        let servers = [("clickhouse", &["server"][..]), ("clickhouse-server", &[])];
        let mut found: Vec<Self> =
            servers.iter().filter_map(|(name, first)| Self::server(sources, name, first)).collect();
        found.extend(Self::library(sources)?);
        // Of equals the last is taken.
        found.reverse();
        found.into_iter().max_by(|one, other| one.version.cmp(&other.version)).ok_or_else(|| {
            StartError::NotRun {
                engine: ENGINE,
                reason: "no ClickHouse is installed, and none was fetched".to_owned(),
                remedy: FETCH.to_owned(),
            }
        })
    }

    fn server(sources: &Sources, name: &str, first: &'static [&'static str]) -> Option<Self> {
        let path = sources.path.iter().map(|folder| folder.join(name)).find(|program| program.is_file())?;
        let said = Command::new(&path).args(first).arg("--version").stdin(Stdio::null()).output().ok()?;
        let version = Version::in_text(&String::from_utf8_lossy(&said.stdout));
        Some(Self { path, version, kind: Kind::Server { first } })
    }

    /// None, where nothing was fetched. What was fetched by half is an error: it was meant to be there.
    fn library(sources: &Sources) -> Result<Option<Self>, StartError> {
        let path = sources.fetched.join(LIBRARY);
        if !sources.fetched.exists() {
            return Ok(None);
        }
        let half = || failed(format!("{} is not whole", sources.fetched.display()), FETCH.to_owned());
        let version = stamped(&sources.fetched).and_then(|text| Version::in_text(&text)).ok_or_else(half)?;
        let program =
            sources.programs.iter().map(|folder| folder.join(FRONT)).find(|program| program.is_file());
        let program = program.ok_or_else(|| {
            let problem = format!("the program {FRONT}, which serves {}, was not built", path.display());
            failed(problem, format!("run `cargo build --bin {FRONT}` in the same profile"))
        })?;
        Ok(Some(Self { path, version: Some(version), kind: Kind::Library { program } }))
    }

    /// Settings that its numbers depend on.
    pub fn settings(&self) -> Vec<String> {
        let mut settings = vec!["writes do not wait for the disk (ClickHouse's default)".to_owned()];
        if let Kind::Library { .. } = self.kind {
            settings.push("the engine is a library (chDB) behind this crate's HTTP server".to_owned());
        }
        settings
    }
}

/// The version in a fetched folder's stamp, where its files have the sizes that the stamp says (`scripts/engines.sh`).
fn stamped(folder: &Path) -> Option<String> {
    let stamp = fs::read_to_string(folder.join("complete")).ok()?;
    let (package, files) = stamp.split_once('\n')?;
    let files: Option<Vec<&str>> = files.lines().map(|line| as_stamped(folder, line)).collect();
    let version = package.rsplit_once('@')?.1;
    files.filter(|files| files.contains(&LIBRARY)).map(|_| version.to_owned())
}

/// The file that a line of the stamp names, where it has the size that the line says.
fn as_stamped<'a>(folder: &Path, line: &'a str) -> Option<&'a str> {
    let (size, file) = line.split_once(' ')?;
    (fs::metadata(folder.join(file)).ok()?.len().to_string() == size).then_some(file)
}

#[cfg(test)]
mod tests;
