//! The memory that is held while something else goes on.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Heap, JEMALLOC};

/// The most that was seen of each, in bytes, each at its own moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peak {
    /// What the program had allocated and not freed, with what the threads' caches keep.
    pub heap: usize,
    /// jemalloc's pages that were in memory: [`Heap::resident`].
    pub resident: usize,
    /// The process's pages that were in memory, those of code, stacks and files included. 0 where there is no
    /// `/proc/self/status`.
    pub rss: usize,
}

impl Peak {
    fn now(heap: Heap) -> Self {
        Self { heap: heap.allocated(), resident: heap.resident(), rss: rss().unwrap_or_default() }
    }

    fn max(self, other: Self) -> Self {
        Self {
            heap: self.heap.max(other.heap),
            resident: self.resident.max(other.resident),
            rss: self.rss.max(other.rss),
        }
    }
}

/// A thread that looks at something again and again. What comes and goes between two looks is not seen.
struct Watch<S> {
    done: Arc<AtomicBool>,
    watching: Option<JoinHandle<S>>,
}

impl<S: Send + 'static> Watch<S> {
    /// Looks every `interval`, once `after` has passed.
    fn start(after: Duration, interval: Duration, mut seen: S, look: fn(&mut S)) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        let watch = move || {
            thread::sleep(after);
            while !is_done.load(Relaxed) {
                look(&mut seen);
                thread::sleep(interval);
            }
            seen
        };
        Self { done, watching: Some(thread::spawn(watch)) }
    }

    fn stop(mut self) -> S {
        self.done.store(true, Relaxed);
        let watching = self.watching.take().expect("only stopping takes it");
        watching.join().expect(JEMALLOC)
    }
}

impl<S> Drop for Watch<S> {
    /// Also where the work panics.
    fn drop(&mut self) {
        self.done.store(true, Relaxed);
    }
}

/// Watches the most memory that the process holds.
pub struct PeakWatch {
    heap: Heap,
    watch: Watch<(Heap, Peak)>,
}

impl PeakWatch {
    /// Looks now, and every `interval`. A look takes some 0.1 ms.
    #[must_use]
    pub fn start(heap: Heap, interval: Duration) -> Self {
        let look = |(heap, peak): &mut (Heap, Peak)| *peak = peak.max(Peak::now(*heap));
        Self { heap, watch: Watch::start(Duration::ZERO, interval, (heap, Peak::now(heap)), look) }
    }

    /// Looks once more, and returns the most that was seen.
    ///
    /// # Panics
    /// Never: reading jemalloc's counters cannot fail after [`Heap::of_jemalloc`].
    #[must_use]
    pub fn stop(self) -> Peak {
        let last = Peak::now(self.heap);
        self.watch.stop().1.max(last)
    }
}

/// Watches the live heap of the process.
pub struct HeapWatch(Watch<(Heap, Vec<f64>)>);

impl HeapWatch {
    /// Looks every `interval`, once `after` has passed.
    ///
    /// # Panics
    /// The global allocator is not jemalloc.
    #[must_use]
    pub fn start(after: Duration, interval: Duration) -> Self {
        let look = |(heap, live): &mut (Heap, Vec<f64>)| live.push(heap.allocated() as f64);
        Self(Watch::start(after, interval, (Heap::of_jemalloc(), Vec::new()), look))
    }

    /// The bytes of each look.
    ///
    /// # Panics
    /// Never, as [`PeakWatch::stop`].
    #[must_use]
    pub fn stop(self) -> Vec<f64> {
        self.0.stop().1
    }
}

/// The process's resident set, in bytes.
fn rss() -> Option<usize> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?).map(|kibibytes| kibibytes * 1024)
}

fn kibibytes(status: &str) -> Option<usize> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_off_the_status() {
        assert_eq!(kibibytes("VmHWM:\t    9000 kB\nVmRSS:\t    1234 kB\n"), Some(1234));
        assert_eq!(kibibytes("VmRSS:\t many kB"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_runs_has_pages() {
        assert!(rss() > Some(100 * 1024));
    }
}
