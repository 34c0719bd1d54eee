//! The most memory that a backend at work takes.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::buffers;
use super::heap::Heap;
use super::work::{Client, Work, join};
use crate::bench::harness::runtime;

/// How often memory is looked at.
const INTERVAL: Duration = Duration::from_millis(1);

const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// More than the cache can hold, so that it is full and evicting.
const RESPONSES: u64 = 20_000;

const CONNECTIONS: usize = 100;

/// Messages to each connection, which nobody reads: they wait in its queue, and in the buffers of its socket.
const MESSAGES: usize = 1_024;

/// The peak, in bytes, of jemalloc's resident pages while all of this is held at once: a cache of 64 MiB, a hub with
/// 100 connections and their messages, and `mib` mebibytes of buffers.
///
/// To be asked once, and before anything else has worked: jemalloc keeps what was freed for ten seconds, and does not
/// cut a large free extent for a small request, so that a second time would add some 100 MiB of the first.
pub fn peak(mib: usize) -> f64 {
    let (heap, runtime) = (Heap::of_jemalloc(), runtime());
    peak_during(heap, || hold_working_set(&runtime, mib)) as f64
}

/// The most that was resident during `work`, looked at every [`INTERVAL`], and once more when it is done, before
/// what it returns is dropped.
fn peak_during<T>(heap: Heap, work: impl FnOnce() -> T) -> usize {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| watch(heap, &done));
        let finished = Finished(&done);
        let held = work();
        let last = heap.resident();
        drop((finished, held));
        watching.join().expect("jemalloc with statistics").max(last)
    })
}

/// Ends the watch when it is dropped: also when the work panics, whose scope would wait for the watch for ever.
struct Finished<'a>(&'a AtomicBool);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn watch(heap: Heap, done: &AtomicBool) -> usize {
    let mut peak = 0;
    while !done.load(Relaxed) {
        peak = peak.max(heap.resident());
        thread::sleep(INTERVAL);
    }
    peak
}

fn hold_working_set(runtime: &Runtime, mib: usize) -> (Vec<Client>, Vec<Vec<u8>>, Work<'_>) {
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
