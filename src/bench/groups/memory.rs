//! The `memory` group: what allocation costs, what the parts of a backend take, and whether they give it back.
//!
//! Bytes and allocations are jemalloc's own statistics, so the bench binary must run on it ([`crate::bench::heap`]).
//!
//! `peak` comes first, and is one value: what later benchmarks free stays resident for a while and would be counted.

mod buffers;
pub mod cost;
pub mod leak;
mod work;

use std::time::Duration;

use tokio::runtime::Runtime;

use crate::bench::harness::{leave_out, runtime};
use crate::bench::heap::{Heap, PeakWatch};
use crate::bench::{Harness, Unit, deployment};
use buffers::buffers;
use work::{RoomClient, Work, join};

/// Runs every benchmark of the `memory` category.
pub fn run(harness: &mut Harness) {
    let sizes = harness.sizes();
    measure_peak(harness, sizes.allocate_mib);
    buffers::measure(harness, sizes.allocate_mib);
    leak::measure(harness, sizes.retained_cycles);
    cost::measure(harness);
}

/// How often memory is looked at.
const INTERVAL: Duration = Duration::from_millis(1);

const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// More than the cache can hold, so that it is full and evicting.
const RESPONSES: u64 = 20_000;

const CONNECTIONS: usize = 100;

/// Messages to each connection, which does not read: they wait in its queue, and in the buffers of its socket.
const MESSAGES: usize = 1_024;

/// A deployment's memory cannot be seen: the benchmark is then left out.
fn measure_peak(harness: &mut Harness, mib: usize) {
    let metadata = harness.metadata();
    harness.replay("peak", Unit::Bytes, |_| {
        if let Some(url) = deployment::named(deployment::API_URL) {
            let url = deployment::without_credentials(&url);
            let reason = format!("the memory of {url} cannot be seen from here");
            leave_out(&metadata, "peak", &reason, "unset API_URL to measure a backend in this process");
        }
        vec![peak(mib)]
    });
}

/// The peak, in bytes, of jemalloc's resident pages while all of this is held at once: a cache of 64 MiB, a hub with
/// 100 connections and their messages, and `mib` mebibytes of buffers.
///
/// To be asked once, and before anything else has worked: jemalloc keeps what was freed for ten seconds, and does not
/// cut a large free extent for a small request, so that a second time would add some 100 MiB of the first.
fn peak(mib: usize) -> f64 {
    let (heap, runtime) = (Heap::of_jemalloc(), runtime());
    let watch = PeakWatch::start(heap, INTERVAL);
    let held = hold_working_set(&runtime, mib);
    let peak = watch.stop();
    drop(held);
    peak.resident as f64
}

fn hold_working_set(runtime: &Runtime, mib: usize) -> (Vec<RoomClient>, Vec<Vec<u8>>, Work<'_>) {
    let work = Work::start(runtime, CACHE_BYTES);
    let clients = work.runtime.block_on(async {
        work.load(RESPONSES).await;
        let mut clients = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            clients.push(join(work.address, "everybody").await);
        }
        for number in 0..MESSAGES {
            assert_eq!(work.hub.publish("everybody", &number).expect("a number"), CONNECTIONS);
        }
        clients
    });
    (clients, buffers(mib), work)
}
