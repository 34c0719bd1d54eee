//! The `websocket` group.

use crate::bench::Harness;

/// Runs every benchmark of the `websocket` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
