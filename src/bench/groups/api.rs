//! The `api` group.

use crate::bench::Harness;

/// Runs every benchmark of the `api` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
