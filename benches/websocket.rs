//! The `websocket` category.

use backend_bench::bench::{Harness, groups};

fn main() {
    let mut harness = Harness::from_env("websocket");
    groups::websocket::run(&mut harness);
    harness.finish();
}
