//! How cargo starts a bench: in which folder, and with which environment.
//!
//! Cargo computes both from manifests, build scripts and its configuration. To have exactly the same, it is asked to
//! start each bench once with this program as the runner, which writes down how it was started and runs nothing.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::model::error::Error;

/// The subcommand under which this program is the runner.
pub const SUBCOMMAND: &str = "record-launch";

/// How cargo started a bench.
#[derive(Debug, Serialize, Deserialize)]
pub struct Launch {
    executable: OsString,
    /// The folder that it was started in.
    folder: OsString,
    environment: Vec<(OsString, OsString)>,
}

/// Where the launches of one build are recorded; gone with its owner.
#[derive(Debug)]
pub struct Recorder(TempDir);

/// Writes down in `into` how this process was started, as the runner of `executable`.
///
/// # Errors
/// The file cannot be written.
pub fn record(into: &Path, executable: &OsStr) -> Result<(), Error> {
    let folder = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
    let environment = std::env::vars_os().collect();
    let launch = Launch { executable: executable.to_owned(), folder: folder.into(), environment };
    let path = into.join(std::process::id().to_string()).with_extension("json");
    let bytes = serde_json::to_vec(&launch).map_err(|error| Error::io("write", &path)(error.into()))?;
    fs::write(&path, bytes).map_err(Error::io("write", &path))
}

impl Recorder {
    /// An empty one.
    ///
    /// # Errors
    /// There is no place for it.
    pub fn new() -> Result<Self, Error> {
        // Cargo cuts the runner at white space, so its path must have none.
        let named = std::env::temp_dir();
        let has_space = named.to_string_lossy().contains(char::is_whitespace);
        let parent = if has_space { Path::new("/tmp") } else { &named };
        let folder = tempfile::tempdir_in(parent).map_err(Error::io("write into", parent))?;
        let program = std::env::current_exe().map_err(Error::io("find", Path::new("this program")))?;
        let link = folder.path().join("runner");
        std::os::unix::fs::symlink(&program, &link).map_err(Error::io("write", &link))?;
        Ok(Self(folder))
    }

    /// The runner that records, as cargo takes it from the environment.
    #[must_use]
    pub fn runner(&self) -> String {
        let folder = self.0.path().display();
        format!("{folder}/runner {SUBCOMMAND} {folder}")
    }

    /// How `executable` was started; `None` where it was not.
    ///
    /// # Errors
    /// A record cannot be read.
    pub fn launch(&self, executable: &Path) -> Result<Option<Launch>, Error> {
        let folder = self.0.path();
        for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
            let path = entry.map_err(Error::io("list", folder))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
                let broken = |error: serde_json::Error| Error::io("read", &path)(error.into());
                let launch: Launch = serde_json::from_slice(&bytes).map_err(broken)?;
                if launch.executable == executable {
                    return Ok(Some(launch));
                }
            }
        }
        Ok(None)
    }
}

impl Launch {
    /// The folder that cargo starts the bench in.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.folder)
    }

    /// The variables that cargo sets or changes, but for `runner`, which is that of the recorder.
    #[must_use]
    pub fn changes(self, runner: &str) -> Vec<(OsString, OsString)> {
        let is_change = |(name, value): &(OsString, OsString)| {
            name != runner && std::env::var_os(name).as_ref() != Some(value)
        };
        self.environment.into_iter().filter(is_change).collect()
    }
}
