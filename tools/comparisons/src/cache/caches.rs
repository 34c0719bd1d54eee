//! The response cache and others, all of one capacity, asked the same.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::time::Duration;

use backend_bench::backend::cache::{CacheConfig, ResponseCache};
use bytes::Bytes;
use foyer_memory::{Cache as Foyer, CacheBuilder, LfuConfig, S3FifoConfig};
use lru::LruCache;
use quick_cache::unsync::Cache as Quick;

use super::counted;
use super::traces::Request;

/// Bytes that a response weighs, with its key.
const WEIGHT: usize = 512;

/// One of each.
pub struct Caches {
    ours: ResponseCache,
    lru: LruCache<u64, ()>,
    quick: Quick<u64, ()>,
    foyer_lfu: Foyer<u64, ()>,
    foyer_s3: Foyer<u64, ()>,
}

impl Caches {
    /// What they are called, in the order of their hit rates.
    pub const NAMES: [&'static str; 5] = ["ours", "lru", "quick_cache", "foyer lfu", "foyer s3fifo"];

    /// Caches for `capacity` responses, in one shard where they have such.
    pub fn new(capacity: usize) -> Self {
        let capacity_bytes = (capacity * WEIGHT) as u64;
        let foyer = || CacheBuilder::new(capacity).with_shards(1);
        Self {
            ours: ResponseCache::new(CacheConfig { capacity_bytes, time_to_live: Duration::from_hours(1) }),
            lru: LruCache::new(NonZeroUsize::new(capacity).expect("a capacity")),
            quick: Quick::new(capacity),
            foyer_lfu: foyer().with_eviction_config(LfuConfig::default()).build(),
            foyer_s3: foyer().with_eviction_config(S3FifoConfig::default()).build(),
        }
    }

    /// The percentage of regular requests that each of them hits.
    pub async fn hit_rates(mut self, trace: &[Request]) -> Vec<f64> {
        let mut hits = vec![Vec::with_capacity(trace.len()); Self::NAMES.len()];
        for Request { number, .. } in trace {
            for (hits, hit) in hits.iter_mut().zip(self.ask(*number).await) {
                hits.push(hit);
            }
        }
        hits.iter().map(|hits| counted(trace, hits)).collect()
    }

    /// Whether each had the response, which it is given where it had not.
    async fn ask(&mut self, number: u64) -> [bool; 5] {
        [
            self.ask_ours(number).await,
            self.lru.get(&number).is_some() || self.lru.put(number, ()).is_some(),
            self.quick.get(&number).is_some() || miss(|| self.quick.insert(number, ())),
            ask_foyer(&self.foyer_lfu, number),
            ask_foyer(&self.foyer_s3, number),
        ]
    }

    async fn ask_ours(&self, number: u64) -> bool {
        let mut hit = true;
        let key = format!("/api/threads/{number:08}/messages");
        let load = async {
            hit = false;
            Ok::<_, Infallible>(Bytes::from(vec![b' '; WEIGHT - key.len()]))
        };
        self.ours.get_or_load(&key, load).await.expect("responses are made without errors");
        hit
    }
}

fn ask_foyer(cache: &Foyer<u64, ()>, number: u64) -> bool {
    cache.get(&number).is_some() || miss(|| drop(cache.insert(number, ())))
}

fn miss(insert: impl FnOnce()) -> bool {
    insert();
    false
}
