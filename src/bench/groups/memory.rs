//! The `memory` group.

use crate::bench::Harness;

/// Runs every benchmark of the `memory` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
