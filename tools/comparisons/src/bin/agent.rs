//! The agent: a run over its bare model calls, and 100 runs at once over the ideal.

use comparisons::agent::{compare_with_bare_calls, compare_with_ideal};

#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

fn main() {
    compare_with_bare_calls();
    compare_with_ideal();
}
