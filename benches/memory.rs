//! The `memory` category, on jemalloc, whose statistics it reads.

use backend_bench::bench::{Harness, groups};

#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() {
    let mut harness = Harness::from_env("memory");
    groups::memory::run(&mut harness);
    harness.finish();
}
