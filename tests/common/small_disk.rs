//! A small file system, which is soon full: in memory, which needs root to mount. And what a test does that cannot run on
//! this machine.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Allows tests to be skipped. CI does not set it.
const ALLOW_SKIP: &str = "BENCH_ALLOW_SKIPPED_TESTS";

/// Fails the test that cannot run here, unless skipping is allowed.
pub fn skip(reason: &str) {
    let allowed = std::env::var_os(ALLOW_SKIP).is_some_and(|value| value == "1");
    assert!(allowed, "{reason}; set {ALLOW_SKIP}=1 to skip the test");
    eprintln!("SKIPPED: {reason}");
}

/// A mounted file system, unmounted when this is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// One of that many MiB. `None` if this user may not mount one and the test may be skipped.
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "small"];
        if !command("mount", &mount, folder.path()) {
            skip(
                "a full disk needs a small file system, and this user may not mount one: run the test as root",
            );
            return None;
        }
        Some(Self(folder))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        assert!(command("umount", &["-l"], self.path()), "{} stays mounted", self.path().display());
    }
}

/// Whether a command about `path` succeeds.
pub fn command(program: &str, arguments: &[&str], path: &Path) -> bool {
    Command::new(program).args(arguments).arg(path).output().is_ok_and(|output| output.status.success())
}
