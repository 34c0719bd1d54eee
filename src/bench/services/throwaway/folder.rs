//! The folder of a throwaway server, and how those that were left behind are found.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::home;
use crate::bench::services::Account;

/// The file whose lock says that somebody looks after the folder.
const LOCK: &str = "alive";

/// Where the server's process id is, once its supervisor runs.
const SERVER: &str = "server.pid";

/// How old a folder has to be that has no supervisor yet: its owner may be about to start one.
const UNBORN: Duration = Duration::from_mins(1);

/// How long a process that was killed may take to be gone.
const DEATH: Duration = Duration::from_secs(2);

/// How many lines of the log an error quotes.
const LAST_LINES: usize = 6;

/// A folder for a server that only its account can enter: where [`home`] says.
#[derive(Debug)]
pub struct Folder {
    directory: TempDir,
    lock: Option<File>,
    account: Option<Account>,
}

impl Folder {
    /// A new folder for a server of `engine` that runs as `account` (none: as this process does). What earlier
    /// servers of the engine left behind, because they and their supervisors were killed, is removed first.
    ///
    /// # Errors
    /// The place for it cannot be written to.
    pub fn create(engine: &str, account: Option<Account>) -> io::Result<Self> {
        let prefix = format!("backend-bench-{engine}-");
        home::parents().iter().for_each(|place| remove_abandoned(place, &prefix, account.as_ref()));
        let private = Permissions::from_mode(0o700);
        let directory =
            tempfile::Builder::new().prefix(&prefix).permissions(private).tempdir_in(home::parent())?;
        let mut folder = Self { directory, lock: None, account };
        folder.set_up().map(|()| folder)
    }

    fn set_up(&mut self) -> io::Result<()> {
        let lock = File::create(self.path().join(LOCK))?;
        lock.lock()?;
        self.lock = Some(lock);
        File::create(self.path().join("log"))?;
        self.give(&["", LOCK, "log"])
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file that only the folder's account can read.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn write(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let file = self.path().join(name);
        fs::write(&file, content)?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        self.give(&[name]).map(|()| file)
    }

    fn give(&self, names: &[&str]) -> io::Result<()> {
        let Some(account) = &self.account else { return Ok(()) };
        names.iter().try_for_each(|name| account.own(&self.path().join(name)))
    }

    /// Has `command` run in the folder as its account.
    pub(super) fn run_inside(&self, command: &mut Command) {
        command.current_dir(self.path());
        if let Some(account) = &self.account {
            account.run(command);
        }
    }

    /// Hands on the lock: it is held until the process that gets it ends.
    pub(super) fn take_lock(&mut self) -> io::Result<Stdio> {
        self.lock.take().map(Stdio::from).ok_or_else(|| io::Error::other("the folder has a server already"))
    }

    pub(super) fn log_to_append(&self) -> io::Result<Stdio> {
        OpenOptions::new().append(true).open(self.path().join("log")).map(Stdio::from)
    }

    pub(super) fn last_words(&self) -> String {
        let log = fs::read(self.path().join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("; ")
    }
}

/// Removes folders whose names begin with `prefix` and that nobody looks after, with the servers in them. What belongs
/// to others is left alone.
fn remove_abandoned(place: &Path, prefix: &str, account: Option<&Account>) {
    let Ok(entries) = fs::read_dir(place) else { return };
    let named = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
    for folder in entries.flatten().filter(named).map(|entry| entry.path()) {
        if is_ours(&folder, account)
            && let Some(_lock) = abandoned(&folder)
        {
            end_server(&folder);
            // What is still being written to it is found the next time.
            fs::remove_dir_all(&folder).ok();
        }
    }
}

/// Whether it is a folder (and no link to one) of this process's user or of the account.
fn is_ours(folder: &Path, account: Option<&Account>) -> bool {
    let this = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(folder).is_ok_and(|found| {
        found.is_dir() && (found.uid() == this || account.is_some_and(|account| account.uid() == found.uid()))
    })
}

/// The lock of a folder that nobody looks after.
fn abandoned(folder: &Path) -> Option<File> {
    let lock = File::open(folder.join(LOCK)).or_else(|_| File::open(folder)).ok()?;
    lock.try_lock().ok()?;
    (folder.join(SERVER).exists() || age(folder)? > UNBORN).then_some(lock)
}

fn age(folder: &Path) -> Option<Duration> {
    SystemTime::now().duration_since(fs::metadata(folder).ok()?.modified().ok()?).ok()
}

/// Kills the server of an abandoned folder, where there is one left whose command line names the folder: its process
/// id may belong to another by now.
fn end_server(folder: &Path) {
    let text = fs::read_to_string(folder.join(SERVER)).unwrap_or_default();
    let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else { return };
    let started = SystemTime::now();
    while names(pid, folder) && started.elapsed().is_ok_and(|waited| waited < DEATH) {
        kill_process(pid, Signal::KILL).ok();
        thread::sleep(super::LOOK);
    }
}

fn names(pid: Pid, folder: &Path) -> bool {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command_line).contains(&*folder.to_string_lossy())
}
