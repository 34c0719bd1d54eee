//! `memory/retained`: the live heap after some cycles of work over that before.
//!
//! `memory/leak/{estimate,ci_lower}`: whether the heap grows with the work that is done, as the slope of the live heap
//! over operations. The values are the heap after 1,000 operations over the heap before: 1 where nothing leaks, 1.01 where it grows by one
//! percent. A leak is where the lower end of the slope's interval is above the limit.

use std::cell::OnceCell;
use std::thread;

use super::work::{MESSAGES, REQUESTS, Work, on_this_thread};
use crate::bench::heap::{Slope, ThreadHeap};
use crate::bench::{Harness, Unit};

/// Small, so that the cache is soon full and what leaks is not lost beside it.
const CACHE_BYTES: u64 = 1024 * 1024;

/// Cycles before the heap is looked at: the cache is then full, and tables and buffers have grown.
const WARM_UP_CYCLES: usize = 50;

/// Cycles between two looks at the heap.
const CYCLES: u32 = 5;

/// What a cycle does: requests, messages that are delivered, and a connection that comes and goes.
const OPERATIONS: u32 = REQUESTS + MESSAGES + 1;

/// Looks at the heap.
const LOOKS: usize = 60;

/// The operations to which growth refers.
const THOUSAND: f64 = 1_000.0;

/// The heap over work.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// Live bytes, at looks between which equal work was done.
    pub live: Vec<f64>,
    /// The slope in percent of the heap at first for 1,000 operations, with its interval of 99 %.
    pub percent: Slope,
}

pub(super) fn measure(harness: &mut Harness, cycles: usize) {
    harness.replay("retained", Unit::Ratio, |samples| {
        at_work(move |work, heap| (0..samples).map(|_| growth(work, heap, cycles)).collect())
    });
    let observed = OnceCell::new();
    let percent = || {
        *observed.get_or_init(|| {
            let slope @ Slope { estimate, lower, upper } = observe(LOOKS, || ()).percent;
            eprintln!(
                "memory: the live heap grows by {estimate:.3} % in 1,000 operations ({lower:.3} to {upper:.3} %)"
            );
            slope
        })
    };
    harness.replay("leak/estimate", Unit::Ratio, |_| vec![1.0 + percent().estimate / 100.0]);
    harness.replay("leak/ci_lower", Unit::Ratio, |_| vec![1.0 + percent().lower / 100.0]);
}

/// Looks at the live heap `looks` times while the parts work.
///
/// `beside` is called with each operation. The benchmark does nothing in it; a test leaks, to see that it is found.
///
/// # Panics
/// The global allocator is not jemalloc, or the work fails.
#[must_use]
pub fn observe(looks: usize, beside: impl Fn() + Send + 'static) -> Growth {
    let live = at_work(move |work, heap| {
        let look = || {
            (0..CYCLES * OPERATIONS).for_each(|_| beside());
            work.cycle(CYCLES as usize);
            heap.live() as f64
        };
        (0..looks).map(|_| look()).collect::<Vec<f64>>()
    });
    Growth { percent: percent(&live), live }
}

/// What `measure` returns of parts that have warmed up, on a thread of their own, whose counters are exact.
fn at_work<T: Send + 'static>(measure: impl FnOnce(&Work<'_>, &ThreadHeap) -> T + Send + 'static) -> T {
    let measuring = thread::spawn(move || {
        let runtime = on_this_thread();
        let (work, heap) = (Work::start(&runtime, CACHE_BYTES), ThreadHeap::of_this_thread());
        work.cycle(WARM_UP_CYCLES);
        measure(&work, &heap)
    });
    measuring.join().expect("work that succeeds")
}

fn growth(work: &Work<'_>, heap: &ThreadHeap, cycles: usize) -> f64 {
    let before = heap.live();
    work.cycle(cycles);
    heap.live() as f64 / before as f64
}

/// The slope of `live` in percent of its first look for a thousand operations.
fn percent(live: &[f64]) -> Slope {
    let slope = Slope::of(live, f64::from(CYCLES * OPERATIONS) / THOUSAND);
    let of_whole = |bytes: f64| 100.0 * bytes / live[0];
    Slope { estimate: of_whole(slope.estimate), lower: of_whole(slope.lower), upper: of_whole(slope.upper) }
}
