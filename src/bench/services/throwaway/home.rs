//! Where the folders of throwaway servers are: in memory where there is room, so that no disk is waited for.

use std::env;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfs, access, statfs, statvfs};

/// The variable that names the folder.
pub const VARIABLE: &str = "BENCH_SERVERS";

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// The bytes that have to be free there: a server fits, and its tables.
const ROOM: u64 = 2 << 30;

/// `TMPFS_MAGIC` of Linux's `statfs`.
const IN_MEMORY: u64 = 0x0102_1994;

/// The folder that [`VARIABLE`] names, else the one of `TMPDIR`, else the one in memory if it has room to spare.
pub(super) fn parent() -> PathBuf {
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

/// What a report says of a server whose data is in memory.
pub(in super::super) fn setting(folder: &Path) -> Option<String> {
    let in_memory = statfs(folder).is_ok_and(|found| u64::try_from(found.f_type) == Ok(IN_MEMORY));
    in_memory.then(|| "data folder in memory".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_taken_where_there_is_room() {
        assert_eq!(roomy("/no/such/folder"), None);
        // The kernel's own file system has no room at all.
        assert_eq!(roomy("/proc"), None);
        assert_eq!(
            roomy("/"),
            statvfs("/").is_ok_and(|root| root.f_bavail * root.f_frsize >= ROOM).then(|| "/".into())
        );
    }

    #[test]
    fn what_is_not_in_memory_is_not_said_to_be() {
        assert_eq!(setting(Path::new("/proc")), None);
        let shown = setting(Path::new(MEMORY));
        assert_eq!(
            shown.is_some(),
            std::fs::read_to_string("/proc/mounts").unwrap().contains(" /dev/shm tmpfs ")
        );
    }
}
