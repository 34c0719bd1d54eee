//! `chdb-server LIBRARY FOLDER`: ClickHouse's engine as a server, for the benches. They start it themselves.

use std::process::ExitCode;

/// Pieces of inserts are large, and come and go: the system's allocator returns the pages of each to the kernel.
#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() -> ExitCode {
    chdb_server::main()
}
