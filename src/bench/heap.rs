//! The cost of work in memory, by the counters of jemalloc.
//!
//! - [`Heap`]: what the process holds.
//! - [`ThreadHeap`], [`OwnArena`]: what one thread allocates, to the byte and to the allocation.
//! - [`PeakWatch`], [`HeapWatch`]: what is held while something else goes on.
//! - [`Slope`]: how fast a series of measurements rises, with an interval.
//!
//! A binary that uses the counters has to run on jemalloc; on another allocator they panic with the remedy:
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;
//! ```

mod arena;
mod slope;
mod watch;

use std::hint::black_box;

use jemalloc_ctl::thread::{ThreadLocal, allocatedp, deallocatedp};
use jemalloc_ctl::{Error, Result, epoch, epoch_mib, stats};

pub use arena::{AllocationCount, OwnArena};
pub use slope::Slope;
pub use watch::{HeapWatch, Peak, PeakWatch};

/// Why reading a counter cannot fail once [`Heap::of_jemalloc`] has shown who allocates.
const JEMALLOC: &str = "jemalloc with statistics";

/// Bytes that are allocated to see who counts them.
const PROBE: usize = 1024 * 1024;

/// A process whose global allocator is jemalloc.
#[derive(Clone, Copy)]
pub struct Heap {
    epoch: epoch_mib,
    allocated: stats::allocated_mib,
    resident: stats::resident_mib,
}

impl Heap {
    /// The heap, once it has been shown that allocations go to jemalloc.
    ///
    /// # Panics
    /// They do not: its statistics would be those of an allocator that is not in use.
    #[must_use]
    pub fn of_jemalloc() -> Self {
        let thread = allocatedp::read().expect(JEMALLOC);
        let before = thread.get();
        drop(black_box(vec![1_u8; PROBE]));
        let seen = thread.get() - before;
        assert!(
            seen >= PROBE as u64,
            "jemalloc saw {seen} of {PROBE} bytes allocated, so it is not the global allocator: \
             set `#[global_allocator]` to `jemallocator::Jemalloc` in the binary, as benches/memory.rs does",
        );
        Self::of_any_allocator().expect(JEMALLOC)
    }

    /// Bytes that the program has allocated and not freed.
    ///
    /// # Panics
    /// Never, after [`Heap::of_jemalloc`].
    #[must_use]
    pub fn allocated(self) -> usize {
        self.now(|heap| heap.allocated.read())
    }

    /// Bytes of the pages that are in memory: those that hold what is allocated, jemalloc's own, and those that
    /// were freed within the last ten seconds and are not given back yet.
    ///
    /// # Panics
    /// Never, after [`Heap::of_jemalloc`].
    #[must_use]
    pub fn resident(self) -> usize {
        self.now(|heap| heap.resident.read())
    }

    fn of_any_allocator() -> Result<Self> {
        Ok(Self {
            epoch: epoch::mib()?,
            allocated: stats::allocated::mib()?,
            resident: stats::resident::mib()?,
        })
    }

    /// jemalloc's statistics stand still until the epoch moves on.
    fn now(self, statistic: impl Fn(Self) -> Result<usize>) -> usize {
        self.epoch.advance().and_then(|_| statistic(self)).expect(JEMALLOC)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's tests run on the system's allocator.
    #[test]
    #[should_panic(expected = "not the global allocator")]
    fn another_allocator_is_refused() {
        let _ = Heap::of_jemalloc();
    }
}
