//! The `concurrent` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("concurrent");
    groups::concurrent::run(&mut harness);
    harness.finish();
}
