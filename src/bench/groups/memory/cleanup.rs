//! `memory/cleanup/{kept,returned}`: freeing memory, and freeing it with its pages given back to the operating system.
//!
//! `memory/cleanup` leaves that to jemalloc, which gives pages back ten seconds after they were freed, a few at a time
//! and during other calls. Here all of them are kept for the next allocation, or all of them are given back at once.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{MIB, buffers};
use crate::bench::Harness;
use crate::bench::heap::OwnArena;

/// The share of the freed bytes whose pages have to be gone, or still be there: the rest of the arena is small.
const NEARLY_ALL: f64 = 0.9;

pub(super) fn measure(harness: &mut Harness, mib: usize) {
    let mut measure = |id: &str, once: fn(&OwnArena, usize) -> Duration| {
        let mut arena = None;
        harness.time_slow(id, None, |bencher| {
            let arena = arena.get_or_insert_with(OwnArena::of_this_thread);
            bencher.iter_custom(|iterations| (0..iterations).map(|_| once(arena, mib)).sum());
        });
    };
    measure("cleanup/kept", kept_once);
    measure("cleanup/returned", returned_once);
}

/// The time to free `mib` mebibytes whose pages stay.
fn kept_once(arena: &OwnArena, mib: usize) -> Duration {
    arena.keep_pages();
    let (elapsed, gone) = freed(arena, mib, |_| ());
    assert!(gone < 1.0 - NEARLY_ALL, "{:.0} % of the pages were given back", 100.0 * gone);
    elapsed
}

/// The time to free `mib` mebibytes and to give their pages back.
fn returned_once(arena: &OwnArena, mib: usize) -> Duration {
    arena.keep_pages();
    let (elapsed, gone) = freed(arena, mib, OwnArena::return_pages);
    assert!(gone > NEARLY_ALL, "only {:.0} % of the pages were given back", 100.0 * gone);
    elapsed
}

/// The time to free `mib` mebibytes and then to do `more`, and the share of the pages that are gone after it.
fn freed(arena: &OwnArena, mib: usize, more: impl FnOnce(&OwnArena)) -> (Duration, f64) {
    let buffers = black_box(buffers(mib));
    let before = arena.resident();
    let started = Instant::now();
    drop(buffers);
    more(arena);
    let elapsed = started.elapsed();
    let gone = before.saturating_sub(arena.resident());
    (elapsed, gone as f64 / (mib * MIB) as f64)
}
