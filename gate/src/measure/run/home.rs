//! The folder that a run fills: named, or fresh and kept as `latest`.

use std::path::{Path, PathBuf};

use crate::model::error::Error;

/// The Criterion home of one run: one that was named, or a fresh one that becomes `latest` when the run is through.
#[derive(Debug)]
pub enum Home {
    /// Named by the user, and left as it is.
    Named(PathBuf),
    /// Ours: gone if the run is interrupted.
    Fresh(tempfile::TempDir),
}

impl Home {
    /// The named home, else a fresh one below `target`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(named: Option<&Path>, target: &Path) -> Result<Self, Error> {
        let parent = named.map_or_else(|| target.join("bench-gate"), Path::to_owned);
        std::fs::create_dir_all(&parent).map_err(Error::io("make the folder", &parent))?;
        let parent = parent.canonicalize().map_err(Error::io("find", &parent))?;
        match named {
            Some(_) => Ok(Self::Named(parent)),
            None => Ok(Self::Fresh(tempfile::tempdir_in(&parent).map_err(Error::io("write into", &parent))?)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Fresh(folder) => folder.path(),
        }
    }

    /// Keeps a fresh home as `latest`, in place of the one before, and returns where the results are now.
    ///
    /// # Errors
    /// The folder cannot be renamed.
    pub fn keep(self) -> Result<PathBuf, Error> {
        let folder = match self {
            Self::Named(path) => return Ok(path),
            Self::Fresh(folder) => folder.keep(),
        };
        let latest = folder.with_file_name("latest");
        // The one before is moved out of the way first, and deleted when the new one is in its place.
        let retired =
            tempfile::tempdir_in(latest.with_file_name("")).map_err(Error::io("replace", &latest))?;
        if latest.exists() {
            let aside = retired.path().join("latest");
            std::fs::rename(&latest, &aside).map_err(Error::io("replace", &latest))?;
        }
        std::fs::rename(&folder, &latest).map_err(Error::io("rename", &folder)).map(|()| latest)
    }
}
