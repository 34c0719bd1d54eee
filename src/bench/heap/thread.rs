//! What one thread has allocated and freed.

use jemalloc_ctl::Error;
use jemalloc_ctl::thread::{ThreadLocal, allocatedp, deallocatedp};

use super::{Heap, JEMALLOC};

/// What one thread has allocated and freed, to the byte.
///
/// [`Heap::allocated`] counts what the threads' caches keep for their next allocations too, which comes and goes by
/// hundreds of KiB. What is counted of an allocation is its size class, which is what it takes.
pub struct ThreadHeap {
    allocated: ThreadLocal<u64>,
    freed: ThreadLocal<u64>,
}

impl ThreadHeap {
    /// The counters of the thread that asks.
    ///
    /// # Panics
    /// The global allocator is not jemalloc.
    #[must_use]
    pub fn of_this_thread() -> Self {
        let _ = Heap::of_jemalloc();
        let counters = || Ok::<_, Error>((allocatedp::read()?, deallocatedp::read()?));
        let (allocated, freed) = counters().expect(JEMALLOC);
        Self { allocated, freed }
    }

    /// Bytes that the thread has allocated so far.
    #[must_use]
    pub fn allocated(&self) -> u64 {
        self.allocated.get()
    }

    /// Bytes that the thread has allocated and not freed. Everything must be freed where it was allocated.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.allocated.get() - self.freed.get()
    }
}
