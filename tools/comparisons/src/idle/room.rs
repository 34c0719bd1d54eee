//! Room for a file in each process for every connection.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{ACTIVE, IDLE};

/// Files that a process has open beside its connections, and some to spare.
const OTHERS: usize = 100;

/// Raises the number of files that this process and those it starts may have open to what is needed.
///
/// # Errors
/// The system allows fewer.
pub(super) fn make_room() -> Result<(), String> {
    let needed = (IDLE + ACTIVE + OTHERS) as u64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let hard = limit.maximum.unwrap_or(needed);
    // Whoever may raise the hard limit, root most often, has it raised.
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum.map(|hard| hard.max(needed)) };
    setrlimit(Resource::Nofile, raised).map_err(|error| {
        format!(
            "{needed} open files are needed in each process, and the hard limit (`ulimit -Hn`) is {hard}: {error}; \
             raise it in /etc/security/limits.conf, or start this as root"
        )
    })
}
