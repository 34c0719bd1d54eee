//! The `agent` group.

use crate::bench::Harness;

/// Runs every benchmark of the `agent` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
