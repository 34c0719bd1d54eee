//! 10,000 idle connections to the broadcaster, and 400 active users beside them.

use std::process::ExitCode;

use comparisons::idle::{CLIENTS, be_clients, measure};

#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match (arguments.next().as_deref(), arguments.next()) {
        (Some(CLIENTS), Some(address)) => {
            be_clients(&address);
            Ok(())
        }
        _ => measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}
