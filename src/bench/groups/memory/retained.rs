//! What a backend keeps of the memory it worked with.

use std::thread;

use super::work::{Work, on_this_thread};
use crate::bench::heap::{Heap, ThreadHeap};

/// Small, so that the cache is soon full and what leaks is not lost beside it.
const CACHE_BYTES: u64 = 1024 * 1024;

/// Cycles before the heap is looked at: the cache is then full, and tables and buffers have grown.
const WARM_UP_CYCLES: usize = 50;

/// Each sample is the live heap after `cycles` cycles of work over that before: 1 where nothing leaks.
///
/// All of the work is done by one thread of its own, whose counters are exact.
pub fn ratios(samples: usize, cycles: usize) -> Vec<f64> {
    let _ = Heap::of_jemalloc();
    let measuring = thread::spawn(move || {
        let runtime = on_this_thread();
        let (work, heap) = (Work::start(&runtime, CACHE_BYTES), ThreadHeap::of_this_thread());
        work.cycle(WARM_UP_CYCLES);
        (0..samples).map(|_| growth(&heap, || work.cycle(cycles))).collect()
    });
    measuring.join().expect("work that succeeds")
}

fn growth(heap: &ThreadHeap, work: impl FnOnce()) -> f64 {
    let before = heap.live();
    work();
    heap.live() as f64 / before as f64
}
