//! What the response cache adds to a lookup of moka.

use std::hint::black_box;
use std::time::{Duration, Instant};

use backend_bench::backend::cache::{CacheConfig, ResponseCache};
use bytes::Bytes;
use moka::future::Cache;
use tokio::runtime::{Builder, Runtime};

use super::CAPACITY;
use crate::turns::{in_turns, median, ratio};

/// Rounds, and lookups of each.
const ROUNDS: usize = 201;
const LOOKUPS: usize = 20_000;

/// Bytes that a response weighs, with its key.
const WEIGHT: usize = 512;

struct Both {
    runtime: Runtime,
    ours: ResponseCache,
    bare: Cache<String, Bytes>,
    keys: Vec<String>,
}

/// Prints how long a lookup takes that finds something, and one that does not.
pub fn compare_lookups() {
    println!("A lookup by one task, median of {ROUNDS} rounds of {LOOKUPS}:");
    for (name, first) in [("hit", 0), ("miss", CAPACITY)] {
        let both = Both::new(first);
        let times = in_turns(ROUNDS, 2, |contestant| both.nanoseconds(contestant));
        let [ours, bare] = [&times[0], &times[1]];
        println!(
            "  {name:<6}response cache {:>6.1} ns   moka {:>6.1} ns   ratio {:.3} x",
            median(ours),
            median(bare),
            ratio(ours, bare)
        );
    }
}

impl Both {
    /// Both with the same responses, and keys from `first` on to look for.
    fn new(first: usize) -> Self {
        let time_to_live = Duration::from_hours(1);
        let capacity_bytes = (CAPACITY * WEIGHT) as u64;
        let both = Self {
            runtime: Builder::new_current_thread().enable_all().build().expect("a poller"),
            ours: ResponseCache::new(CacheConfig { capacity_bytes, time_to_live }),
            bare: Cache::builder()
                .max_capacity(capacity_bytes)
                .weigher(|key: &String, response: &Bytes| {
                    u32::try_from(key.len() + response.len()).unwrap_or(u32::MAX)
                })
                .time_to_live(time_to_live)
                .build(),
            keys: (first..first + CAPACITY).map(key).collect(),
        };
        both.runtime.block_on(both.fill());
        both
    }

    async fn fill(&self) {
        for number in 0..CAPACITY {
            let key = key(number);
            let response = Bytes::from(vec![b' '; WEIGHT - key.len()]);
            self.ours.insert(key.clone(), response.clone()).await;
            self.bare.insert(key, response).await;
        }
        self.ours.settle().await;
        self.bare.run_pending_tasks().await;
    }

    fn nanoseconds(&self, contestant: usize) -> f64 {
        let keys = self.keys.iter().cycle().take(LOOKUPS);
        let elapsed = self.runtime.block_on(async {
            let started = Instant::now();
            for key in keys {
                match contestant {
                    0 => drop(black_box(self.ours.get(black_box(key)).await)),
                    _ => drop(black_box(self.bare.get(black_box(key.as_str())).await)),
                }
            }
            started.elapsed()
        });
        elapsed.as_secs_f64() * 1e9 / LOOKUPS as f64
    }
}

fn key(number: usize) -> String {
    format!("/api/threads/{number:08}/messages")
}
