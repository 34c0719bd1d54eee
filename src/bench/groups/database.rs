//! The `database` group.

use crate::bench::Harness;

/// Runs every benchmark of the `database` category.
pub fn run(harness: &mut Harness) {
    let _ = harness;
}
