//! A file system that is soon full: in memory, which takes root to mount.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A mounted file system, unmounted when this is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// One of that many MiB. Where this user may not mount one, the test fails; with `BENCH_ALLOW_SKIPPED_TESTS=1` there is
    /// none.
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "small"];
        if !command("mount", &mount, place.path()) {
            let reason = "mounting a small file system takes root, and the right to mount";
            let allowed = std::env::var("BENCH_ALLOW_SKIPPED_TESTS").is_ok_and(|value| value == "1");
            assert!(allowed, "{reason}: BENCH_ALLOW_SKIPPED_TESTS=1 leaves the test of a full disk out");
            eprintln!("NOT TESTED: a full disk: {reason}");
            return None;
        }
        Some(Self(place))
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
