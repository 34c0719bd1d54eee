//! Where two revisions are measured: `<target folder>/bench-gate/ab`, for one `bench-gate` at a time.
//!
//! Cargo's target folders of both sides stay there between calls, since to compile every dependency again would take
//! longer than to measure. Everything else is gone at the end. What a killed one left is removed by the next.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::error::AbError;
use super::git::{Repository, Revision};
use crate::files::temporary;
use crate::model::error::Error;

/// How temporary folders of ours begin. The next start removes what is called so, and nothing else.
const SCRATCH: &str = "bench-gate-ab-";

/// The folder, held against others.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    /// Names the scratch folder while there is one, and is locked as long as it is open.
    lock: File,
    scratch: TempDir,
}

impl Place {
    /// Takes the place below `target`, Cargo's target folder, and clears it of what a killed one left.
    ///
    /// # Errors
    /// Another process has it, or it cannot be written to.
    pub fn take(target: &Path) -> Result<Self, Error> {
        let folder = target.join("bench-gate").join("ab");
        fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
        let folder = folder.canonicalize().map_err(Error::io("find", &folder))?;
        let path = folder.join("lock");
        let lock = hold(&path)?;
        clear(&folder, &path);
        Self { scratch: scratch()?, folder, lock }.named()
    }

    /// Notes the scratch folder, for the next start.
    fn named(mut self) -> Result<Self, Error> {
        let path = self.scratch.path().as_os_str().as_encoded_bytes().to_owned();
        let noted = self.lock.set_len(0).and_then(|()| self.lock.write_all(&path));
        noted.map_err(Error::io("write", &self.folder)).map(|()| self)
    }

    /// A temporary folder for everything that measuring leaves: in memory if there is room, so that no disk is measured.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The target folder of the side `name`.
    #[must_use]
    pub fn target(&self, name: &str) -> PathBuf {
        self.folder.join("target").join(name)
    }

    /// Checks `revision` out for the side `name`.
    ///
    /// # Errors
    /// Git refuses; nothing is left then.
    pub fn check_out(
        &self,
        repository: &Repository,
        name: &str,
        revision: &Revision,
    ) -> Result<Checkout, Error> {
        let checkout = Checkout { repository: repository.clone(), folder: self.folder.join(name) };
        repository.remove_worktree(&checkout.folder);
        repository.add_worktree(&checkout.folder, revision).map(|()| checkout)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.lock.set_len(0);
    }
}

/// Opens the file `path`, which no other process has open so.
fn hold(path: &Path) -> Result<File, Error> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(Error::io("write", path))?;
    let held = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    held.map_err(|_| AbError::Busy { place: path.to_owned() })?;
    Ok(lock)
}

fn scratch() -> Result<TempDir, Error> {
    let parent = temporary::folder();
    let made = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&parent);
    made.map_err(Error::io("write into", &parent))
}

/// Removes the scratch folder that the file `lock` names, and checkouts.
fn clear(folder: &Path, lock: &Path) {
    let noted = fs::read_to_string(lock).unwrap_or_default();
    let is_ours = |path: &&str| {
        Path::new(path).file_name().is_some_and(|name| name.to_string_lossy().starts_with(SCRATCH))
    };
    let _ = Some(noted.as_str()).filter(is_ours).map(fs::remove_dir_all);
    for name in [super::BASE, super::HEAD] {
        let _ = fs::remove_dir_all(folder.join(name));
    }
}

/// A checkout of a revision, removed with its owner.
#[derive(Debug)]
pub struct Checkout {
    repository: Repository,
    folder: PathBuf,
}

impl Checkout {
    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the project is in it.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.repository.project_in(&self.folder)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        self.repository.remove_worktree(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_for_one_and_is_left_clean() {
        let target = tempfile::tempdir().unwrap();
        let place = Place::take(target.path()).unwrap();
        let busy = Place::take(target.path()).unwrap_err();
        assert!(busy.to_string().contains("another bench-gate measures here"), "{busy}");
        let scratch = place.scratch().to_owned();
        drop(place);
        assert!(!scratch.exists() && Place::take(target.path()).is_ok());
    }

    #[test]
    fn what_a_killed_one_left_is_removed_and_nothing_else() {
        let target = tempfile::tempdir().unwrap();
        let ours = tempfile::Builder::new().prefix(SCRATCH).tempdir().unwrap().keep();
        let other = tempfile::tempdir().unwrap();
        let folder = target.path().join("bench-gate/ab");
        for (noted, checkout) in [(&ours, super::super::BASE), (&other.path().to_owned(), super::super::HEAD)]
        {
            fs::create_dir_all(folder.join(checkout)).unwrap();
            fs::write(folder.join("lock"), noted.as_os_str().as_encoded_bytes()).unwrap();
            drop(Place::take(target.path()).unwrap());
            assert!(!folder.join(checkout).exists());
        }
        assert!(!ours.exists() && other.path().exists());
    }
}
