//! The `cache` group.

use crate::bench::Harness;

/// Runs every benchmark of the `cache` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
