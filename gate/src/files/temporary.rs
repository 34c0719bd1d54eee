//! Where temporary files that are to be fast go.

use std::path::PathBuf;

use rustix::fs::{Access, StatVfs, access, statvfs};

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// The bytes that have to be free there: an ephemeral database server and its tables fit.
const ROOM: u64 = 2 << 30;

/// Linux's file system in memory, unless `TMPDIR` names a place or there is little room.
#[must_use]
pub fn folder() -> PathBuf {
    let is_roomy = |status: StatVfs| {
        status.f_bavail.saturating_mul(status.f_frsize) >= ROOM && access(MEMORY, Access::WRITE_OK).is_ok()
    };
    if std::env::var_os("TMPDIR").is_none() && statvfs(MEMORY).is_ok_and(is_roomy) {
        return PathBuf::from(MEMORY);
    }
    std::env::temp_dir()
}
