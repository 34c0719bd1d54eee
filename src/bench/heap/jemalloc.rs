//! jemalloc's view of the process.

use std::hint::black_box;

use jemalloc_ctl::{Result, epoch, epoch_mib, stats, thread};

use super::JEMALLOC;

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
    /// They do not: its statistics would be those of an allocator that nobody uses.
    #[must_use]
    pub fn of_jemalloc() -> Self {
        let thread = thread::allocatedp::read().expect(JEMALLOC);
        let before = thread.get();
        drop(black_box(vec![1_u8; PROBE]));
        let seen = thread.get() - before;
        assert!(
            seen >= PROBE as u64,
            "jemalloc saw {seen} of {PROBE} bytes allocated, so it is not the global allocator: \
             set `#[global_allocator]` to `jemallocator::Jemalloc` in the binary, as benches/memory.rs does",
        );
        Self::of_whoever().expect(JEMALLOC)
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

    fn of_whoever() -> Result<Self> {
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
