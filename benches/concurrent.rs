//! The `concurrent` category, on jemalloc, whose statistics it reads.

use backend_bench::bench::{Harness, groups};

#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() {
    let mut harness = Harness::from_env("concurrent");
    groups::concurrent::run(&mut harness);
    harness.finish();
}
