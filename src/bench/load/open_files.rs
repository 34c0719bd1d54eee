//! Room for a socket at each end of every user's connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files that this process may have open to what the system allows it: many systems begin with
/// 1,024, which is a few hundred users with a backend in the same process.
///
/// Where that fails, users who get no socket count as failures.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        eprintln!("warning: the limit of open files stays at {:?}: {error}", limit.current);
    }
}
