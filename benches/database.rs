//! The `database` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("database");
    groups::database::run(&mut harness);
    harness.finish();
}
