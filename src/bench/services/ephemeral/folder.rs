//! The folder of an ephemeral server, in memory if there is room, and how folders that were left behind are found.

use std::env;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{Access, StatVfs, access, statfs, statvfs};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::bench::services::Account;

/// The variable that names the folder.
const VARIABLE: &str = "BENCH_SERVERS";

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// The bytes that have to be free there: a server fits, and its tables.
const ROOM: u64 = 2 << 30;

/// `TMPFS_MAGIC` of Linux's `statfs`.
const IN_MEMORY: u64 = 0x0102_1994;

/// The file whose lock says that a supervisor watches the folder.
const LOCK: &str = "alive";

/// Where the server's process id is, once its supervisor runs.
const SERVER: &str = "server.pid";

/// How long a folder may have no supervisor yet: its owner may be about to start one.
const STARTUP_GRACE: Duration = Duration::from_mins(1);

/// How long a process that was killed may take to be gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// How many lines of the log an error quotes.
const LOG_TAIL_LINES: usize = 6;

/// A folder for a server that only its account can enter.
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
        parents().iter().for_each(|place| remove_abandoned(place, &prefix, account.as_ref()));
        let private = Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new().prefix(&prefix).permissions(private).tempdir_in(parent())?;
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

    /// Makes `command` run in the folder as its account.
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

    pub(super) fn log_tail(&self) -> String {
        let log = fs::read(self.path().join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("; ")
    }
}

/// Removes folders whose names begin with `prefix` and that no supervisor watches, with the servers in them. What belongs
/// to other users stays.
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

/// The lock of a folder that no supervisor watches.
fn abandoned(folder: &Path) -> Option<File> {
    let lock = File::open(folder.join(LOCK)).or_else(|_| File::open(folder)).ok()?;
    lock.try_lock().ok()?;
    (folder.join(SERVER).exists() || age(folder)? > STARTUP_GRACE).then_some(lock)
}

fn age(folder: &Path) -> Option<Duration> {
    SystemTime::now().duration_since(fs::metadata(folder).ok()?.modified().ok()?).ok()
}

/// Kills the server of an abandoned folder, if there is one left whose command line names the folder: its process
/// id may belong to another by now.
fn end_server(folder: &Path) {
    let text = fs::read_to_string(folder.join(SERVER)).unwrap_or_default();
    let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else { return };
    let started = SystemTime::now();
    while command_line_names(pid, folder) && started.elapsed().is_ok_and(|waited| waited < KILL_TIMEOUT) {
        kill_process(pid, Signal::KILL).ok();
        thread::sleep(super::POLL);
    }
}

fn command_line_names(pid: Pid, folder: &Path) -> bool {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command_line).contains(&*folder.to_string_lossy())
}

/// The folder that [`VARIABLE`] names, else the one of `TMPDIR`, else the one in memory if it has room to spare.
fn parent() -> PathBuf {
    let named = |variable| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    named(VARIABLE).or_else(|| named("TMPDIR")).or_else(|| roomy(MEMORY)).unwrap_or_else(env::temp_dir)
}

/// All folders that this or an earlier process may have used.
#[must_use]
pub fn parents() -> Vec<PathBuf> {
    let mut parents = vec![parent(), env::temp_dir(), PathBuf::from(MEMORY)];
    parents.sort();
    parents.dedup();
    parents
}

/// `folder`, if it is there and has room to spare.
fn roomy(folder: &str) -> Option<PathBuf> {
    let has_room = |status: StatVfs| status.f_bavail.saturating_mul(status.f_frsize) >= ROOM;
    let found = statvfs(folder).is_ok_and(has_room) && access(folder, Access::WRITE_OK).is_ok();
    found.then(|| PathBuf::from(folder))
}

/// What a report says of a server whose data is in memory; `None` for any other.
pub(in super::super) fn memory_setting(folder: &Path) -> Option<String> {
    let in_memory = statfs(folder).is_ok_and(|found| u64::try_from(found.f_type) == Ok(IN_MEMORY));
    in_memory.then(|| "data folder in memory".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_taken_where_there_is_room() {
        assert_eq!(roomy("/no/such/folder"), None);
        // The kernel's own file system has no free space.
        assert_eq!(roomy("/proc"), None);
        assert_eq!(
            roomy("/"),
            statvfs("/").is_ok_and(|root| root.f_bavail * root.f_frsize >= ROOM).then(|| "/".into())
        );
    }

    #[test]
    fn a_folder_outside_of_memory_is_not_reported_as_in_memory() {
        assert_eq!(memory_setting(Path::new("/proc")), None);
        let shown = memory_setting(Path::new(MEMORY));
        assert_eq!(
            shown.is_some(),
            std::fs::read_to_string("/proc/mounts").unwrap().contains(" /dev/shm tmpfs ")
        );
    }
}
