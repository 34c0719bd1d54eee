//! An arena for one thread alone: the only way to count a thread's allocations by jemalloc.

use std::ops::Sub;

use jemalloc_ctl::{Access, AsName, Mib, Result, epoch, epoch_mib};

use super::{JEMALLOC, ThreadHeap};

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
    ///
    /// # Panics
    /// Never, as with [`Self::count`].
    pub fn keep_pages(&self) {
        self.decay(NEVER);
    }

    /// Returns the pages of what has been freed to the operating system, and from now on those of what is freed.
    ///
    /// # Panics
    /// Never, as with [`Self::count`].
    pub fn return_pages(&self) {
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
