//! A server that lives no longer than the process that started it.
//!
//! Dropping a [`EphemeralServer`] ends the server and removes its folder. A process that is killed drops nothing, so a
//! small shell beside each server waits for the end of a pipe that only its owner holds open, and then does the same.
//! Should that shell be killed as well, the next start finds the folder ([`Folder::create`]): its lock, which the
//! shell held, is free.

mod folder;
#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

pub(super) use folder::memory_setting;
pub use folder::{Folder, parents};

/// Runs the server in its own process group and waits for the end of its standard input.
///
/// The server is in the background, where a shell has SIGINT and SIGQUIT ignored, unless the server handles them. Its
/// output goes to the log, so nothing but this shell keeps the lock that is its own standard output.
const SUPERVISOR: &str = r#"
folder=$1 signal=$2
shift 2
exec 3<&0 </dev/null
"$@" 3<&- >>"$folder/log" 2>&1 &
server=$!
echo "$server" >"$folder/server.pid"
{ read -r _ <&3; kill -s "$signal" "$server"; sleep 10; kill -s KILL "$server"; } >/dev/null 2>&1 &
wait "$server"
echo "$?" >"$folder/ended"
read -r _ <&3
trap '' TERM
kill -s TERM 0
cd /
rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
"#;

/// How long the supervisor may take to end the server: more than the ten seconds after which it kills it.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a condition is polled.
const POLL: Duration = Duration::from_millis(2);

/// The signal by which a server is to end at once, its data being of no further use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// SIGTERM.
    Terminate,
    /// SIGQUIT. The server has to handle it.
    Quit,
}

impl Stop {
    fn signal(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Quit => "QUIT",
        }
    }
}

/// A running server with its folder. Dropping it ends the one and removes the other.
#[derive(Debug)]
pub struct EphemeralServer {
    supervisor: Child,
    folder: Folder,
}

impl EphemeralServer {
    /// Starts `server` in `folder`, as the folder's account. Its output goes to the folder's log; its standard input
    /// is empty. Its command line should name the folder: that is how a later start knows it again.
    ///
    /// Only program, arguments and variables are taken from `server`.
    ///
    /// # Errors
    /// There is no shell `sh`, or the account may not enter the folder.
    pub fn start(mut folder: Folder, server: &Command, stop: Stop) -> io::Result<Self> {
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", SUPERVISOR, "supervisor"]).arg(folder.path()).arg(stop.signal());
        supervisor.arg(server.get_program()).args(server.get_args());
        for (name, value) in server.get_envs() {
            match value {
                Some(value) => supervisor.env(name, value),
                None => supervisor.env_remove(name),
            };
        }
        supervisor.stdin(Stdio::piped()).stdout(folder.take_lock()?).stderr(folder.log_to_append()?);
        folder.run_inside(&mut supervisor);
        Ok(Self { supervisor: supervisor.process_group(0).spawn()?, folder })
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether the server has ended by itself.
    pub(crate) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.folder.path().join("ended").exists() || self.supervisor.try_wait()?.is_some())
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.folder.log_tail()
    }

    /// Waits until `ready`; false where the server ends before that, or takes longer than `limit`.
    ///
    /// # Errors
    /// The operating system does not tell whether it has ended.
    pub fn wait_until(&mut self, limit: Duration, ready: impl Fn(&Path) -> bool) -> io::Result<bool> {
        let started = Instant::now();
        while !ready(self.folder()) {
            if self.has_ended()? || started.elapsed() > limit {
                return Ok(false);
            }
            thread::sleep(POLL);
        }
        Ok(true)
    }

    /// Whether the supervisor ended as it should within its time.
    fn is_over(&mut self) -> bool {
        let started = Instant::now();
        loop {
            match self.supervisor.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) if started.elapsed() < STOP_TIMEOUT => thread::sleep(POLL),
                _ => return false,
            }
        }
    }
}

impl Drop for EphemeralServer {
    /// Closes the supervisor's standard input, upon which it ends the server. Where it does not, its group is killed.
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        if self.is_over() {
            return;
        }
        if let Some(group) = i32::try_from(self.supervisor.id()).ok().and_then(Pid::from_raw) {
            // An error means that no process is left in it.
            kill_process_group(group, Signal::KILL).ok();
        }
        self.supervisor.wait().ok();
    }
}
