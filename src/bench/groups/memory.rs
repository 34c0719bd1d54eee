//! The `memory` group: what allocation costs, what the parts of a backend take, and whether they give it back.
//!
//! Bytes and allocations are jemalloc's own statistics, so the bench binary must run on it ([`crate::bench::heap`]).
//!
//! `peak` comes first, and is one value: what later benchmarks free stays resident for a while and would be counted.

mod buffers;
pub mod cost;
pub mod leak;
mod peak;
mod work;

use crate::bench::Harness;

/// Runs every benchmark of the `memory` category.
pub fn run(harness: &mut Harness) {
    let sizes = harness.sizes();
    peak::measure(harness, sizes.allocate_mib);
    buffers::measure(harness, sizes.allocate_mib);
    leak::measure(harness, sizes.retained_cycles);
    cost::measure(harness);
}
