//! The `agent` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("agent");
    groups::agent::run(&mut harness);
    harness.finish();
}
