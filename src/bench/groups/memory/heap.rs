//! jemalloc's view of the process.

use std::hint::black_box;

use jemalloc_ctl::thread::{ThreadLocal, allocatedp, deallocatedp};
use jemalloc_ctl::{Error, Result, epoch, epoch_mib, stats};

use super::MIB;

/// A process whose global allocator is jemalloc.
#[derive(Clone, Copy)]
pub struct Heap {
    epoch: epoch_mib,
    allocated: stats::allocated_mib,
    active: stats::active_mib,
}

impl Heap {
    /// The heap, once it has been shown that allocations go to jemalloc.
    ///
    /// # Panics
    /// They do not: its statistics would be those of an allocator that nobody uses.
    pub fn of_jemalloc() -> Self {
        let heap = Self::of_whoever().expect("jemalloc with statistics");
        let before = heap.allocated();
        let probe = black_box(vec![1_u8; MIB]);
        let moved = heap.allocated().saturating_sub(before);
        assert!(
            moved >= probe.len() / 2,
            "jemalloc saw {moved} of {} bytes allocated, so it is not the global allocator: \
             set `#[global_allocator]` to `jemallocator::Jemalloc` in the binary, as benches/memory.rs does",
            probe.len()
        );
        heap
    }

    /// Bytes that the program has allocated and not freed.
    pub fn allocated(self) -> usize {
        self.now(|heap| heap.allocated.read())
    }

    /// Bytes of the pages that hold what is allocated.
    ///
    /// Resident memory would have those too that were freed within the last ten seconds and not yet given back,
    /// and so would measure what ran before.
    pub fn active(self) -> usize {
        self.now(|heap| heap.active.read())
    }

    fn of_whoever() -> Result<Self> {
        Ok(Self { epoch: epoch::mib()?, allocated: stats::allocated::mib()?, active: stats::active::mib()? })
    }

    /// jemalloc's statistics stand still until the epoch moves on.
    fn now(self, statistic: impl Fn(Self) -> Result<usize>) -> usize {
        self.epoch.advance().and_then(|_| statistic(self)).expect("jemalloc with statistics")
    }
}

/// What one thread has allocated and freed, to the byte.
///
/// [`Heap::allocated`] counts what the threads' caches keep for their next allocations too, which comes and goes by
/// hundreds of KiB.
pub struct ThreadHeap {
    allocated: ThreadLocal<u64>,
    freed: ThreadLocal<u64>,
}

impl ThreadHeap {
    /// The counters of the thread that asks.
    pub fn of_this_thread() -> Self {
        let counters = || Ok::<_, Error>((allocatedp::read()?, deallocatedp::read()?));
        let (allocated, freed) = counters().expect("jemalloc with statistics");
        Self { allocated, freed }
    }

    /// Bytes that the thread has allocated and not freed. Everything must be freed where it was allocated.
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
