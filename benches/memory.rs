//! The `memory` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("memory");
    groups::memory::run(&mut harness);
    harness.finish();
}
