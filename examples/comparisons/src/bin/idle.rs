//! 10,000 idle connections to the broadcaster, and 400 active users beside them.

use comparisons::idle::{CLIENTS, be_clients, measure};

#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some(CLIENTS), Some(address)) => be_clients(&address),
        _ => measure(),
    }
}
