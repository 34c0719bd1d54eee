//! A server binary, and what to do if it does not work.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::deployment;
use crate::bench::services::{StartError, fetched_folder};

/// The name in the benchmarks' ids.
pub const ENGINE: &str = "postgres";

/// The variable that names the user's own server.
pub const VARIABLE: &str = "DATABASE_URL";

/// Where a server is looked for, in this order.
#[derive(Debug, Clone)]
pub struct PostgresSources {
    /// A URL.
    pub url: Option<String>,
    /// Folders of programs: those of `PATH`.
    pub path: Vec<PathBuf>,
    /// Where packages install each version under its number: `/usr/lib/postgresql`.
    pub installed: PathBuf,
    /// Where `scripts/engines.sh` puts it: `.bench/postgres`.
    pub fetched: PathBuf,
}

impl PostgresSources {
    /// This process's own variables and machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let url = deployment::named(VARIABLE);
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            url,
            path: std::env::split_paths(&path).collect(),
            installed: PathBuf::from("/usr/lib/postgresql"),
            fetched: fetched_folder().join("postgres"),
        }
    }
}

const FETCH: &str = "scripts/engines.sh";

/// How deep below `.bench/postgres` a package may have its `bin`.
const DEPTH: usize = 8;

/// A folder with `postgres` and `initdb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binary {
    pub folder: PathBuf,
    /// What to do if it does not work.
    pub remedy: String,
}

impl Binary {
    /// The first that is there.
    pub(crate) fn find(sources: &PostgresSources) -> Result<Self, StartError> {
        let installed = || in_path(&sources.path).or_else(|| newest(&sources.installed));
        let found = match installed() {
            Some(binary) => Some(binary),
            None => fetched(&sources.fetched)?,
        };
        found.map_or_else(|| Err(nowhere(sources)), Self::complete)
    }

    fn at(postgres: &Path, remedy: String) -> Self {
        // Links lead to where the other programs and the library are.
        let real = fs::canonicalize(postgres).unwrap_or_else(|_| postgres.to_owned());
        Self { folder: real.parent().unwrap_or(Path::new("/")).to_owned(), remedy }
    }

    fn complete(self) -> Result<Self, StartError> {
        if self.program("initdb").is_file() {
            return Ok(self);
        }
        let problem = format!("{} has no initdb beside it", self.program("postgres").display());
        Err(StartError::Failed { engine: ENGINE, problem, remedy: self.remedy })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn nowhere(sources: &PostgresSources) -> StartError {
    let reason = format!(
        "{VARIABLE} is not set, and there is no server in PATH, {} or {}",
        sources.installed.display(),
        sources.fetched.display()
    );
    StartError::NotRun { engine: ENGINE, reason, remedy: FETCH.to_owned() }
}

fn in_path(path: &[PathBuf]) -> Option<Binary> {
    let postgres = path.iter().map(|folder| folder.join("postgres")).find(|file| file.is_file())?;
    let remedy = "install PostgreSQL's server anew, or take it out of PATH".to_owned();
    Some(Binary::at(&postgres, remedy))
}

/// The version with the highest number.
fn newest(installed: &Path) -> Option<Binary> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = fs::read_dir(installed).ok()?.flatten().map(|entry| entry.path());
    let with_server = folders.filter(|folder| folder.join("bin/postgres").is_file());
    let newest = with_server.filter_map(|folder| Some((version(&folder)?, folder))).max()?.1;
    let remedy = format!("install the package of {} anew, or set {VARIABLE}", newest.display());
    Some(Binary::at(&newest.join("bin/postgres"), remedy))
}

/// A folder without a server in it was not fetched to its end.
fn fetched(folder: &Path) -> Result<Option<Binary>, StartError> {
    if !folder.exists() {
        return Ok(None);
    }
    let remedy = format!("rm -r {} && {FETCH}", folder.display());
    match below(folder, DEPTH) {
        Some(postgres) => Ok(Some(Binary::at(&postgres, remedy))),
        None => Err(StartError::Failed {
            engine: ENGINE,
            problem: format!("{} has no bin/postgres in it: it was fetched in part", folder.display()),
            remedy,
        }),
    }
}

fn below(folder: &Path, depth: usize) -> Option<PathBuf> {
    let here = folder.join("bin/postgres");
    if here.is_file() {
        return Some(here);
    }
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    if depth == 0 { None } else { folders.iter().find_map(|folder| below(folder, depth - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder in which `files` are, and sources that look nowhere else.
    fn machine(files: &[&str]) -> (tempfile::TempDir, PostgresSources) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let at = |name: &str| root.path().canonicalize().unwrap().join(name);
        let sources = PostgresSources {
            url: None,
            path: vec![at("bin")],
            installed: at("lib"),
            fetched: at(".bench/postgres"),
        };
        (root, sources)
    }

    fn folder(files: &[&str]) -> PathBuf {
        let (root, sources) = machine(files);
        let found = Binary::find(&sources).unwrap().folder;
        found.strip_prefix(root.path().canonicalize().unwrap()).unwrap().to_owned()
    }

    const NEW: [&str; 2] = ["lib/15/bin/postgres", "lib/15/bin/initdb"];
    const OLD: [&str; 2] = ["lib/9/bin/postgres", "lib/9/bin/initdb"];
    const FETCHED: [&str; 2] =
        [".bench/postgres/a/native/bin/postgres", ".bench/postgres/a/native/bin/initdb"];

    #[test]
    fn the_path_comes_first_then_the_newest_package_then_what_was_fetched() {
        let in_path = ["bin/postgres", "bin/initdb"];
        assert_eq!(folder(&[in_path, OLD, NEW, FETCHED].concat()), Path::new("bin"));
        assert_eq!(folder(&[OLD, NEW, FETCHED].concat()), Path::new("lib/15/bin"));
        assert_eq!(folder(&FETCHED), Path::new(".bench/postgres/a/native/bin"));
    }

    #[test]
    fn links_are_followed_to_where_initdb_is() {
        let (root, sources) = machine(&NEW);
        fs::create_dir(root.path().join("bin")).unwrap();
        let target = root.path().join(NEW[0]);
        std::os::unix::fs::symlink(target, root.path().join("bin/postgres")).unwrap();
        assert!(Binary::find(&sources).unwrap().program("initdb").is_file());
    }

    #[test]
    fn without_a_server_the_rows_are_not_run_and_the_command_is_named() {
        let (_root, sources) = machine(&[]);
        let error = Binary::find(&sources).unwrap_err();
        assert!(matches!(&error, StartError::NotRun { remedy, .. } if remedy == FETCH), "{error}");
        let message = error.to_string();
        assert!(message.contains("NOT RUN") && message.contains("DATABASE_URL"), "{message}");
    }

    #[test]
    fn what_is_there_in_part_fails_and_does_not_fall_through() {
        let cases = [("bin/postgres", "no initdb"), (".bench/postgres/a/README", "in part")];
        for (file, problem) in cases {
            let (_root, sources) = machine(&[file]);
            let error = Binary::find(&sources).unwrap_err();
            assert!(matches!(error, StartError::Failed { .. }), "{error}");
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
