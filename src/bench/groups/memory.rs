//! The `memory` group: what allocation costs, what the parts of a backend take, and whether they give it back.
//!
//! Bytes and allocations are jemalloc's own statistics, so the bench binary must run on it ([`crate::bench::heap`]).
//!
//! `peak` comes first, and is one value: what later benchmarks free stays resident for a while and would be counted.

mod cleanup;
pub mod leak;
mod peak;
mod retained;
pub mod spent;
mod work;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Bencher, Throughput};

use crate::bench::heap::Heap;
use crate::bench::{Harness, Unit, deployment};

const MIB: usize = 1024 * 1024;

/// Bytes of one buffer: what an upload or a large response is read and written in.
const BUFFER: usize = 64 * 1024;

/// Runs every benchmark of the `memory` category.
pub fn run(harness: &mut Harness) {
    let (mib, cycles) = (harness.sizes().allocate_mib, harness.sizes().retained_cycles);
    let facts = harness.facts();
    harness.replay("peak", Unit::Bytes, |_| {
        deployment::leave_memory_out(&facts, "peak");
        vec![peak::peak(mib)]
    });
    let bytes = Some(Throughput::Bytes((mib * MIB) as u64));
    harness.time_slow(&format!("allocate/{mib}MiB"), bytes, |bencher| time(bencher, || allocate_once(mib)));
    harness.time_slow("cleanup", None, |bencher| time(bencher, || clean_up_once(mib)));
    harness.replay("retained", Unit::Ratio, |samples| retained::ratios(samples, cycles));
    measured_by_counters(harness);
}

/// What one thread's own counters tell.
fn measured_by_counters(harness: &mut Harness) {
    cleanup::measure(harness, harness.sizes().allocate_mib);
    leak::measure(harness);
    spent::measure(harness);
}

fn time(bencher: &mut Bencher<'_>, once: impl Fn() -> Duration) {
    let _ = Heap::of_jemalloc();
    bencher.iter_custom(|iterations| (0..iterations).map(|_| once()).sum());
}

/// Buffers of `mib` mebibytes in all, every byte of which has been written.
fn buffers(mib: usize) -> Vec<Vec<u8>> {
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
