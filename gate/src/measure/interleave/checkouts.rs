//! The folders of one comparison, for one `bench-gate` at a time.
//!
//! **Checkouts** are in `$XDG_CACHE_HOME/bench-gate` (`~/.cache/bench-gate`, or the folder for temporary files): outside of
//! the repository, because cargo and rustup read `.cargo/config.toml`, `rust-toolchain.toml` and `Cargo.toml` of every
//! folder above, and the base would be built with those of the head.
//!
//! **Builds** are in `<target folder>/bench-gate/ab/target`, a folder a side. They stay there between calls, up to
//! [`MOST_BYTES`], since to compile the dependencies again takes longer than to measure. The sides share no folder:
//! both call their files by the same names, and a bench may start a binary that stands beside it. A folder that is
//! new begins as a copy of one that has dependencies compiled.
//!
//! Everything else is gone at the end. What a killed process left is removed by the next.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::git::{Repository, Revision};
use crate::files::temporary;
use crate::measure::cargo::Selection;
use crate::model::error::AbError;
use crate::model::error::Error;

/// How temporary folders of ours begin. The next start removes what is called so, and nothing else.
const SCRATCH: &str = "bench-gate-ab-";

/// The most that the builds of both sides may hold between calls: beyond it they are removed.
const MOST_BYTES: u64 = 12 << 30;

/// The parts of a target folder that hold compiled dependencies. Fingerprints are copied first: a unit that cargo
/// compiles meanwhile has none yet, and is compiled again.
const COMPILED: [&str; 3] = ["release/.fingerprint", "release/build", "release/deps"];

/// The folders, locked against other processes.
#[derive(Debug)]
pub(crate) struct Checkouts {
    repository: Repository,
    /// The target folder of the project.
    target: PathBuf,
    builds: PathBuf,
    folder: PathBuf,
    /// Names the scratch folder while there is one, and is locked as long as it is open.
    lock: File,
    scratch: TempDir,
}

impl Checkouts {
    /// Takes the folders for the project with the target folder `target`, and clears them of what a killed process left.
    pub(crate) fn take(repository: &Repository, target: &Path) -> Result<Self, Error> {
        let ours = made(&target.join("bench-gate").join("ab"))?;
        let path = ours.join("lock");
        let lock = hold(&path)?;
        let taken = Self {
            repository: repository.clone(),
            target: target.to_owned(),
            builds: ours.join("target"),
            folder: outside(&repository.root, &ours)?,
            lock,
            scratch: scratch()?,
        };
        taken.clear(&path);
        taken.record_scratch()
    }

    /// Removes the scratch folder that the file `lock` names, checkouts, and builds that are too large.
    fn clear(&self, lock: &Path) {
        let left = fs::read_to_string(lock).unwrap_or_default();
        let is_ours = |path: &&str| {
            Path::new(path).file_name().is_some_and(|name| name.to_string_lossy().starts_with(SCRATCH))
        };
        let _ = Some(left.as_str()).filter(is_ours).map(fs::remove_dir_all);
        [super::BASE, super::HEAD].iter().for_each(|side| {
            let _ = fs::remove_dir_all(self.folder.join(side));
        });
        if bytes(&self.builds) > MOST_BYTES {
            let _ = fs::remove_dir_all(&self.builds);
        }
    }

    /// Keeps the name of the scratch folder, for the next start.
    fn record_scratch(mut self) -> Result<Self, Error> {
        let path = self.scratch.path().as_os_str().as_encoded_bytes().to_owned();
        let written = self.lock.set_len(0).and_then(|()| self.lock.write_all(&path));
        written.map_err(Error::io("write", &self.builds)).map(|()| self)
    }

    /// A temporary folder for the processes: in memory if there is room, so that no disk is measured.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The target folder of the side `name`. A new one begins with the dependencies that the other side or the project
    /// itself has compiled; cargo decides which of them fit.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        let target = self.builds.join(name);
        let sides = [super::BASE, super::HEAD].map(|side| self.builds.join(side));
        let mut filled = sides.iter().chain([&self.target]).filter(|it| it.join(COMPILED[0]).is_dir());
        if let (false, Some(from)) = (target.exists(), filled.next()) {
            COMPILED.iter().for_each(|part| copy(&from.join(part), &target.join(part)));
        }
        target
    }

    /// Checks `revision` out for the side `name`.
    pub(crate) fn check_out(&self, name: &str, revision: &Revision) -> Result<Checkout, Error> {
        let checkout = self.checkout(name, revision, false)?;
        self.repository.fill_submodules(&checkout.folder, &revision.commit).map(|()| checkout)
    }

    /// Copies the files in place for the side `name`.
    pub(crate) fn copy_files(&self, name: &str) -> Result<Checkout, Error> {
        let checkout = self.checkout(name, &self.repository.resolve("HEAD")?, true)?;
        copy_files(&self.repository, &checkout.folder).map(|()| checkout)
    }

    fn checkout(&self, name: &str, revision: &Revision, empty: bool) -> Result<Checkout, Error> {
        let folder = self.folder.join(name);
        let checkout = Checkout { repository: self.repository.clone(), folder };
        self.repository.remove_worktree(&checkout.folder);
        self.repository.add_worktree(&checkout.folder, revision, empty).map(|()| checkout)
    }
}

impl Drop for Checkouts {
    fn drop(&mut self) {
        let _ = self.lock.set_len(0);
        let _ = fs::remove_dir(&self.folder);
    }
}

/// A folder for the checkouts of the project with the folder `ours`, outside of the repository `root`.
fn outside(root: &Path, ours: &Path) -> Result<PathBuf, Error> {
    let mut hasher = DefaultHasher::new();
    ours.hash(&mut hasher);
    let folder = made(&cache().join("bench-gate").join(format!("{:016x}", hasher.finish())))?;
    let root = root.canonicalize().map_err(Error::io("find", root))?;
    if folder.starts_with(root) { Err(AbError::checkouts_inside(&folder).into()) } else { Ok(folder) }
}

/// The user's folder for files that can be made again.
fn cache() -> PathBuf {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(".cache"));
    absolute("XDG_CACHE_HOME").or_else(home).unwrap_or_else(env::temp_dir)
}

/// The folder `path`, made where it is not there, by its real name.
fn made(path: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(path).map_err(Error::io("make the folder", path))?;
    path.canonicalize().map_err(Error::io("find", path))
}

/// Opens the file `path`, which no other process has open so.
fn hold(path: &Path) -> Result<File, Error> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(Error::io("write", path))?;
    let held = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    held.map_err(|_| AbError::busy(path))?;
    Ok(lock)
}

fn scratch() -> Result<TempDir, Error> {
    let parent = temporary::folder();
    let made = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&parent);
    made.map_err(Error::io("write into", &parent))
}

/// The bytes of all files below `folder`.
fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(it) if it.is_dir() => bytes(&entry.path()),
        Ok(it) => it.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// Copies a folder with the times of its files, by which cargo knows what is compiled. A copy that fails costs the time
/// to compile, and nothing else.
fn copy(from: &Path, to: &Path) {
    let made = to.parent().map(fs::create_dir_all);
    let copied = made.map(|_| Command::new("cp").arg("-Rp").arg(from).arg(to).output());
    if !matches!(copied, Some(Ok(output)) if output.status.success()) {
        let _ = fs::remove_dir_all(to);
    }
}

/// Copies the files of `repository` into `folder`, and those of its submodules.
fn copy_files(repository: &Repository, folder: &Path) -> Result<(), Error> {
    for file in repository.files()? {
        let (from, to) = (repository.root.join(&file), folder.join(&file));
        let Ok(kind) = fs::symlink_metadata(&from).map(|it| it.file_type()) else { continue };
        fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(Error::io("make the folder of", &to))?;
        if kind.is_dir() {
            copy_files(&Repository::at(&from), &to)?;
        } else if kind.is_symlink() {
            let linked = fs::read_link(&from).and_then(|linked| std::os::unix::fs::symlink(linked, &to));
            linked.map_err(Error::io("copy the link", &from))?;
        } else {
            fs::copy(&from, &to).map_err(Error::io("copy", &from))?;
        }
    }
    Ok(())
}

/// A checkout, removed with its owner.
#[derive(Debug)]
pub(crate) struct Checkout {
    repository: Repository,
    pub(crate) folder: PathBuf,
}

impl Checkout {
    /// Where the project is in it.
    pub(crate) fn project(&self) -> PathBuf {
        self.repository.project_in(&self.folder)
    }

    /// `selection` with a manifest that is named by its whole path in the repository as that of the checkout.
    pub(crate) fn selection(&self, selection: &Selection) -> Selection {
        let inside = |path: &PathBuf| path.strip_prefix(&self.repository.root).map(|it| self.folder.join(it));
        let manifest_path = selection.manifest_path.as_ref();
        let manifest_path = manifest_path.map(|path| inside(path).unwrap_or_else(|_| path.clone()));
        Selection { manifest_path, ..selection.clone() }
    }

    /// Sets the time of each file to now. Cargo compiles a file again that is newer than what was compiled from it, and
    /// the target folder may hold what was compiled of another revision.
    pub(crate) fn touch(&self) -> Result<(), Error> {
        touch(&self.folder).map_err(Error::io("set the times of the files in", &self.folder))
    }
}

fn touch(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            touch(&entry.path())?;
        } else if kind.is_file() {
            File::open(entry.path())?.set_modified(std::time::SystemTime::now())?;
        }
    }
    Ok(())
}

impl Drop for Checkout {
    fn drop(&mut self) {
        self.repository.remove_worktree(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(folder: &TempDir) -> Repository {
        Repository::at(folder.path())
    }

    #[test]
    fn folders_are_for_one_process_and_left_clean() {
        let [target, root] = [(), ()].map(|()| tempfile::tempdir().unwrap());
        let take = || Checkouts::take(&repository(&root), target.path());
        let taken = take().unwrap();
        let busy = take().unwrap_err();
        assert!(busy.to_string().contains("another bench-gate measures here"), "{busy}");
        let folders = [taken.scratch().to_owned(), taken.folder.clone()];
        drop(taken);
        assert!(!folders.iter().any(|folder| folder.exists()) && take().is_ok());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let (target, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ours = tempfile::Builder::new().prefix(SCRATCH).tempdir().unwrap().keep();
        let other = tempfile::tempdir().unwrap();
        let lock = target.path().join("bench-gate/ab/lock");
        for (left, side) in [(ours.as_path(), super::super::BASE), (other.path(), super::super::HEAD)] {
            let checkout = Checkouts::take(&repository(&root), target.path()).unwrap().folder.join(side);
            fs::create_dir_all(&checkout).unwrap();
            fs::write(&lock, left.as_os_str().as_encoded_bytes()).unwrap();
            drop(Checkouts::take(&repository(&root), target.path()).unwrap());
            assert!(!checkout.exists());
        }
        assert!(!ours.exists() && other.path().exists());
    }
}
