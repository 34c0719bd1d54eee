//! The count of hits and misses, which no lookup should have to pay for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use thread_local::ThreadLocal;

/// Lookups, counted by each thread for itself.
///
/// One counter for all threads would cost every lookup a locked instruction, and two processors that look up at once
/// a cache line that goes back and forth between them.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    threads: ThreadLocal<Own>,
}

/// What one thread has counted. Only that thread writes here, so it can add without a locked instruction; who comes
/// after it counts on. Lines of its own: processors fetch them in pairs of 64 bytes.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Own {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Lookups {
    /// Counts a lookup that found something, or one that did not.
    #[inline]
    pub(super) fn count(&self, found: bool) {
        let own = self.threads.get_or_default();
        let counter = if found { &own.hits } else { &own.misses };
        counter.store(counter.load(Relaxed) + 1, Relaxed);
    }

    /// Hits and misses of all threads, those included that have ended.
    pub(super) fn totals(&self) -> [u64; 2] {
        let sum =
            |counter: fn(&Own) -> &AtomicU64| self.threads.iter().map(|own| counter(own).load(Relaxed)).sum();
        [sum(|own| &own.hits), sum(|own| &own.misses)]
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn every_lookup_of_every_thread_counts_after_its_end_too() {
        let lookups = &Lookups::default();
        for _ in 0..3 {
            thread::scope(|scope| {
                for misses in 1..=4 {
                    scope.spawn(move || {
                        (0..1_000).for_each(|_| lookups.count(true));
                        (0..misses).for_each(|_| lookups.count(false));
                    });
                }
            });
        }
        assert_eq!(lookups.totals(), [12_000, 30]);
    }
}
