//! The `api` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("api");
    groups::api::run(&mut harness);
    harness.finish();
}
