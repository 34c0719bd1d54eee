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

mod slope;
mod watch;

use std::hint::black_box;
use std::ops::Sub;

use jemalloc_ctl::thread::{ThreadLocal, allocatedp, deallocatedp};
use jemalloc_ctl::{Access, AsName, Error, Mib, Result, epoch, epoch_mib, stats};

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

/// Never give freed pages back.
const NEVER: isize = -1;

/// Give freed pages back at once, those that are free already included.
const AT_ONCE: isize = 0;

/// What a thread allocated. What it freed again is not taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocationCount {
    /// Times that memory was asked for. One that grows counts again where it has to move.
    pub allocations: u64,
    /// Bytes, in jemalloc's size classes.
    pub bytes: u64,
}

impl Sub for AllocationCount {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { allocations: self.allocations - earlier.allocations, bytes: self.bytes - earlier.bytes }
    }
}

/// The thread that made it allocates from an arena that no other thread uses, and past the cache that jemalloc gives
/// each thread: so the arena counts every allocation of the thread, and nothing else.
///
/// The thread is slower meanwhile. When this is dropped, it goes back to the arena of before.
pub struct OwnArena {
    before: u32,
    thread: ThreadHeap,
    epoch: epoch_mib,
    small: Mib<[usize; 5]>,
    large: Mib<[usize; 5]>,
    resident: Mib<[usize; 4]>,
    decays: [Mib<[usize; 3]>; 2],
}

impl OwnArena {
    /// An arena for the thread that asks.
    ///
    /// # Panics
    /// The global allocator is not jemalloc.
    #[must_use]
    pub fn of_this_thread() -> Self {
        let thread = ThreadHeap::of_this_thread();
        Self::around(thread).expect(JEMALLOC)
    }

    fn around(thread: ThreadHeap) -> Result<Self> {
        let index: u32 = b"arenas.create\0".name().read()?;
        let own = Self {
            before: b"thread.arena\0".name().update(index)?,
            thread,
            epoch: epoch::mib()?,
            small: of_arena(b"stats.arenas.0.small.nmalloc\0", 2, index)?,
            large: of_arena(b"stats.arenas.0.large.nmalloc\0", 2, index)?,
            resident: of_arena(b"stats.arenas.0.resident\0", 2, index)?,
            decays: [
                of_arena(b"arena.0.dirty_decay_ms\0", 1, index)?,
                of_arena(b"arena.0.muzzy_decay_ms\0", 1, index)?,
            ],
        };
        b"thread.tcache.enabled\0".name().write(false)?;
        Ok(own)
    }

    /// What the thread has allocated so far; from another [`AllocationCount`], what it allocated in between.
    ///
    /// # Panics
    /// Never: that jemalloc counts was seen when this was made.
    #[must_use]
    pub fn count(&self) -> AllocationCount {
        let bytes = self.thread.allocated();
        let read = |mib: &Mib<_>| -> Result<u64> { mib.read() };
        let allocations = self.epoch.advance().and_then(|_| Ok(read(&self.small)? + read(&self.large)?));
        AllocationCount { allocations: allocations.expect(JEMALLOC), bytes }
    }

    /// What the thread allocates during `work`.
    pub fn during(&self, work: impl FnOnce()) -> AllocationCount {
        let before = self.count();
        work();
        self.count() - before
    }

    /// Bytes of the arena's pages that are in memory.
    ///
    /// # Panics
    /// Never, as with [`Self::count`].
    #[must_use]
    pub fn resident(&self) -> usize {
        self.epoch.advance().and_then(|_| self.resident.read()).expect(JEMALLOC)
    }

    /// Keeps the pages of what is freed for what is allocated next.
    pub(crate) fn keep_pages(&self) {
        self.decay(NEVER);
    }

    /// Returns the pages of what has been freed to the operating system, and from now on those of what is freed.
    pub(crate) fn return_pages(&self) {
        self.decay(AT_ONCE);
    }

    fn decay(&self, milliseconds: isize) {
        self.decays.iter().try_for_each(|decay| decay.write(milliseconds)).expect(JEMALLOC);
    }
}

impl Drop for OwnArena {
    /// The arena stays, empty, until the process ends: jemalloc can destroy one only where nothing of it is in use.
    fn drop(&mut self) {
        self.return_pages();
        let back = b"thread.arena\0".name().write(self.before);
        back.and_then(|()| b"thread.tcache.enabled\0".name().write(true)).expect(JEMALLOC);
    }
}

/// The key of `name`, whose part `place` is the number of an arena, for the arena `index`.
fn of_arena<const PARTS: usize>(name: &[u8], place: usize, index: u32) -> Result<Mib<[usize; PARTS]>>
where
    [usize; PARTS]: Default,
{
    let mut mib: Mib<[usize; PARTS]> = name.name().mib()?;
    mib[place] = index as usize;
    Ok(mib)
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
