//! `memory/{allocate/<n>MiB,cleanup,cleanup/kept,cleanup/returned}`: allocating and freeing the buffers of uploads and large
//! responses.
//!
//! `memory/cleanup` leaves the pages to jemalloc, which gives them back ten seconds after they were freed, a few at a time
//! and during other calls. In `kept` all of them are kept for the next allocation, in `returned` all of them are given
//! back to the operating system at once.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Bencher, Throughput};

use crate::bench::Harness;
use crate::bench::heap::{Heap, OwnArena};

const MIB: usize = 1024 * 1024;

/// Bytes of one buffer: what an upload or a large response is read and written in.
const BUFFER: usize = 64 * 1024;

/// The share of the freed bytes whose pages have to be gone, or still be there: the rest of the arena is small.
const NEARLY_ALL: f64 = 0.9;

/// Times the freeing of so many mebibytes.
type FreeOnce = fn(&OwnArena, usize) -> Duration;

pub(super) fn measure(harness: &mut Harness, mib: usize) {
    let bytes = Some(Throughput::Bytes((mib * MIB) as u64));
    harness.time_slow(&format!("allocate/{mib}MiB"), bytes, |bencher| time(bencher, || allocate_once(mib)));
    harness.time_slow("cleanup", None, |bencher| time(bencher, || clean_up_once(mib)));
    let rows: [(_, FreeOnce); 2] = [("cleanup/kept", kept_once), ("cleanup/returned", returned_once)];
    for (id, once) in rows {
        let mut arena = None;
        harness.time_slow(id, None, |bencher| {
            let arena = arena.get_or_insert_with(OwnArena::of_this_thread);
            bencher.iter_custom(|iterations| (0..iterations).map(|_| once(arena, mib)).sum());
        });
    }
}

fn time(bencher: &mut Bencher<'_>, once: impl Fn() -> Duration) {
    let _ = Heap::of_jemalloc();
    bencher.iter_custom(|iterations| (0..iterations).map(|_| once()).sum());
}

/// Buffers of `mib` mebibytes in all, every byte of which has been written.
pub(super) fn buffers(mib: usize) -> Vec<Vec<u8>> {
    (0..mib * MIB / BUFFER).map(|_| black_box(vec![0xA5; BUFFER])).collect()
}

/// The time to allocate and write; the buffers are freed after it.
fn allocate_once(mib: usize) -> Duration {
    let started = Instant::now();
    let buffers = black_box(buffers(mib));
    let elapsed = started.elapsed();
    assert_eq!(written(&buffers), mib * MIB, "not every byte was allocated and written");
    elapsed
}

/// The time to free; the buffers are allocated before it.
fn clean_up_once(mib: usize) -> Duration {
    let buffers = black_box(buffers(mib));
    let started = Instant::now();
    drop(buffers);
    started.elapsed()
}

/// Bytes of the buffers whose first and last byte were written.
fn written(buffers: &[Vec<u8>]) -> usize {
    let is_written = |buffer: &&Vec<u8>| (buffer.first(), buffer.last()) == (Some(&0xA5), Some(&0xA5));
    buffers.iter().filter(is_written).map(Vec::len).sum()
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
