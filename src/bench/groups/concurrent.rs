//! The `concurrent` group.

use crate::bench::Harness;

/// Runs every benchmark of the `concurrent` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
