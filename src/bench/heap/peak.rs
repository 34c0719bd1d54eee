//! The most memory that is held while something else goes on.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Heap;

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

/// A thread that looks at the memory of the process again and again. What comes and goes between two looks is not seen.
pub struct PeakWatch {
    heap: Heap,
    done: Arc<AtomicBool>,
    watching: Option<JoinHandle<Peak>>,
}

impl PeakWatch {
    /// Looks now, and every `interval`. A look takes some 0.1 ms.
    #[must_use]
    pub fn start(heap: Heap, interval: Duration) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        let watch = move || {
            let mut peak = Peak::now(heap);
            while !is_done.load(Relaxed) {
                thread::sleep(interval);
                peak = peak.max(Peak::now(heap));
            }
            peak
        };
        Self { heap, done, watching: Some(thread::spawn(watch)) }
    }

    /// Looks once more, and returns the most that was seen.
    ///
    /// # Panics
    /// Never: reading jemalloc's counters cannot fail after [`Heap::of_jemalloc`].
    #[must_use]
    pub fn stop(mut self) -> Peak {
        let last = Peak::now(self.heap);
        self.done.store(true, Relaxed);
        let watching = self.watching.take().expect("only stopping takes it");
        watching.join().expect(super::JEMALLOC).max(last)
    }
}

impl Drop for PeakWatch {
    /// Also where the work panics.
    fn drop(&mut self) {
        self.done.store(true, Relaxed);
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
