//! The interface of operations whose allocations are counted.

use tokio::runtime::Runtime;

use crate::bench::heap::{AllocationCount, OwnArena};

/// The steps in which an operation is done, again and again, on a thread of its own.
pub(super) trait Steps {
    /// Different steps.
    const STEPS: u32;

    /// Operations of one step. Where steps and operations are powers of two, a count divided by them is exact.
    const OPERATIONS: u32;

    /// Prepares the work on `runtime`.
    fn new(runtime: &Runtime) -> Self;

    /// What a step allocates. `beside` is to be called with each operation.
    fn step(&mut self, step: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> AllocationCount;
}
