//! The `cache` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("cache");
    groups::cache::run(&mut harness);
    harness.finish();
}
