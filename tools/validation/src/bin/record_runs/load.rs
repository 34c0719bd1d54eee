//! Work beside the runs, so that the machine is as busy as where others build.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Milliseconds that a burst lasts, and a rest between two of them.
const BURST_MS: std::ops::Range<u64> = 20..400;

/// Bytes that each thread works through: more than a core's own caches hold.
const BYTES: usize = 8 * 1024 * 1024;

/// Threads that work in bursts until this is dropped.
pub struct Load {
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many threads, whose bursts depend on `seed` alone.
    pub fn start(threads: u32, seed: u64) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let start = |number: u32| {
            let (ended, rng) = (Arc::clone(&ended), StdRng::seed_from_u64(seed << 8 | u64::from(number)));
            thread::spawn(move || work(&ended, rng))
        };
        let threads = (0..threads).map(start).collect();
        Self { ended, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ended.store(true, Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().expect("a thread that does not panic"));
    }
}

fn work(ended: &AtomicBool, mut rng: StdRng) {
    let mut memory = vec![1_u64; BYTES / 8];
    while !ended.load(Relaxed) {
        let (burst, rest) = (rng.random_range(BURST_MS), rng.random_range(BURST_MS));
        let until = Instant::now() + Duration::from_millis(burst);
        while Instant::now() < until && !ended.load(Relaxed) {
            mix(&mut memory);
        }
        thread::sleep(Duration::from_millis(rest));
    }
}

/// Reads and writes all of the memory once.
fn mix(memory: &mut [u64]) {
    let mut sum = 0_u64;
    for number in memory.iter_mut() {
        sum = sum.rotate_left(5) ^ *number;
        *number = sum.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    black_box(sum);
}
