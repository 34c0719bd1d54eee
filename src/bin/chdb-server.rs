//! `chdb-server LIBRARY FOLDER`: ClickHouse's engine as a server, for the benches. They start it themselves.

use std::path::Path;
use std::process::ExitCode;

use backend_bench::bench::services::clickhouse::front;

/// Pieces of inserts are large, and come and go: the system's allocator returns the pages of each to the kernel.
#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [library, folder] = &arguments[..] else {
        eprintln!("error: usage: chdb-server LIBRARY FOLDER, as the benches call it");
        return ExitCode::from(2);
    };
    match front::serve(Path::new(library), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
