//! A response cache on moka: bounded in bytes, limited in age, with one load for concurrent misses of a key.
//!
//! ```
//! use std::time::Duration;
//! use backend_bench::backend::cache::{CacheConfig, ResponseCache};
//! use bytes::Bytes;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::sync::Arc<std::io::Error>> {
//! let cache = ResponseCache::new(CacheConfig {
//!     capacity_bytes: 1024 * 1024,
//!     time_to_live: Duration::from_mins(1),
//! });
//! let render = async { Ok::<_, std::io::Error>(Bytes::from_static(b"[1, 2]")) };
//! assert_eq!(cache.get_or_load("/threads", render).await?, "[1, 2]");
//! assert_eq!(cache.get("/threads").await, Some(Bytes::from_static(b"[1, 2]")));
//! assert_eq!(cache.stats().hit_rate(), Some(0.5));
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use moka::future::Cache;

/// The maximum time to live, a hundred years: moka refuses more than a thousand.
const MAX_TIME_TO_LIVE: Duration = Duration::from_hours(100 * 365 * 24);

/// The limits of a [`ResponseCache`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// The maximum size of all keys and values; a larger response is never kept.
    pub capacity_bytes: u64,
    /// The maximum age of a response, at most a hundred years.
    pub time_to_live: Duration,
}

impl Default for CacheConfig {
    /// 64 MiB, five minutes.
    fn default() -> Self {
        Self { capacity_bytes: 64 * 1024 * 1024, time_to_live: Duration::from_mins(5) }
    }
}

/// A cache of responses by key. Clones share it.
///
/// moka evicts by `TinyLFU`: recently and often read responses survive a scan over keys that are read once.
#[derive(Debug, Clone)]
pub struct ResponseCache {
    responses: Cache<String, Bytes>,
    counters: Arc<Counters>,
}

/// Statistics only: all accesses are relaxed.
#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    loads: AtomicU64,
}

impl ResponseCache {
    /// An empty cache.
    #[must_use]
    pub fn new(config: CacheConfig) -> Self {
        let responses = Cache::builder()
            .max_capacity(config.capacity_bytes)
            .weigher(weight)
            .time_to_live(config.time_to_live.min(MAX_TIME_TO_LIVE))
            .build();
        Self { responses, counters: Arc::default() }
    }

    /// The response of `key`. Counts a hit or a miss.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        let found = self.responses.get(key).await;
        let counter = if found.is_some() { &self.counters.hits } else { &self.counters.misses };
        counter.fetch_add(1, Relaxed);
        found
    }

    /// Stores `response` under `key` and replaces an earlier one.
    pub async fn insert(&self, key: impl Into<String>, response: Bytes) {
        self.responses.insert(key.into(), response).await;
    }

    /// The response of `key`, or else the output of `load`, which is then stored.
    ///
    /// Of concurrent callers that miss the same key, one runs its load, and all get its response. Each counts as a miss,
    /// and the load as one. If the caller whose load runs is dropped, the load of another replaces it.
    ///
    /// # Errors
    /// The error of `load`, shared by all callers that waited for it. It is not stored: the next caller loads again.
    pub async fn get_or_load<E>(
        &self,
        key: &str,
        load: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Bytes, Arc<E>>
    where
        E: Send + Sync + 'static,
    {
        if let Some(found) = self.get(key).await {
            return Ok(found);
        }
        let counted = async {
            self.counters.loads.fetch_add(1, Relaxed);
            load.await
        };
        self.responses.try_get_with_by_ref(key, counted).await
    }

    /// Removes every response; the counters stay.
    pub async fn clear(&self) {
        self.responses.invalidate_all();
        self.settle().await;
    }

    /// Runs moka's maintenance, which otherwise runs now and then during other calls: evicts what exceeds the capacity and
    /// frees what has expired. [`CacheStats::entries`] and [`CacheStats::weight_bytes`] are exact afterwards.
    pub async fn settle(&self) {
        self.responses.run_pending_tasks().await;
    }

    /// The statistics since the cache was created.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.counters.hits.load(Relaxed),
            misses: self.counters.misses.load(Relaxed),
            loads: self.counters.loads.load(Relaxed),
            entries: self.responses.entry_count(),
            weight_bytes: self.responses.weighted_size(),
        }
    }
}

/// Bytes of key and value. Past 4 GiB an entry weighs 4 GiB.
#[expect(clippy::ptr_arg, reason = "moka passes the key's own type")]
fn weight(key: &String, response: &Bytes) -> u32 {
    u32::try_from(key.len() + response.len()).unwrap_or(u32::MAX)
}

/// The statistics of a [`ResponseCache`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Lookups answered from the cache.
    pub hits: u64,
    /// Lookups that found nothing.
    pub misses: u64,
    /// Loads started.
    pub loads: u64,
    /// Stored responses, as of the last maintenance ([`ResponseCache::settle`]).
    pub entries: u64,
    /// Bytes of stored keys and values, as of the last maintenance.
    pub weight_bytes: u64,
}

impl CacheStats {
    /// Hits over lookups, from 0 to 1; `None` before the first lookup.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let lookups = self.hits + self.misses;
        (lookups > 0).then(|| self.hits as f64 / lookups as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::future::join_all;

    use super::*;

    const RESPONSE: Bytes = Bytes::from_static(b"response");

    fn cache(capacity_bytes: u64, time_to_live: Duration) -> ResponseCache {
        ResponseCache::new(CacheConfig { capacity_bytes, time_to_live })
    }

    #[tokio::test]
    async fn a_hundred_concurrent_misses_load_once() {
        let cache = ResponseCache::new(CacheConfig::default());
        let load = || async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(RESPONSE)
        };
        let answers = join_all((0..100).map(|_| cache.get_or_load("key", load()))).await;
        assert!(answers.iter().all(|answer| answer.as_ref() == Ok(&RESPONSE)));
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.loads), (0, 100, 1));
        assert_eq!(cache.get_or_load("key", load()).await, Ok(RESPONSE));
        assert_eq!((cache.stats().hits, cache.stats().loads), (1, 1));
    }

    #[tokio::test]
    async fn a_failed_load_is_shared_and_not_kept() {
        let cache = ResponseCache::new(CacheConfig::default());
        let fail = || async {
            tokio::task::yield_now().await;
            Err::<Bytes, _>("no database")
        };
        let answers = join_all((0..10).map(|_| cache.get_or_load("key", fail()))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| **error == "no database")));
        assert_eq!((cache.get("key").await, cache.stats().loads), (None, 1));
        assert_eq!(cache.get_or_load("key", async { Ok::<_, Infallible>(RESPONSE) }).await, Ok(RESPONSE));
    }

    #[tokio::test]
    async fn responses_expire() {
        let brief = cache(1024, Duration::from_millis(5));
        let endless = cache(1024, Duration::MAX);
        brief.insert("key", RESPONSE).await;
        endless.insert("key", RESPONSE).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!((brief.get("key").await, endless.get("key").await), (None, Some(RESPONSE)));
    }

    #[tokio::test]
    async fn keys_and_values_together_stay_within_the_capacity() {
        let cache = cache(1_000, Duration::from_mins(1));
        for number in 0..100 {
            cache.insert(format!("{number:010}"), Bytes::from(vec![0; 90])).await;
        }
        cache.settle().await;
        assert_eq!((cache.stats().entries, cache.stats().weight_bytes), (10, 1_000));
        cache.insert("huge", Bytes::from(vec![0; 1_000])).await;
        cache.settle().await;
        assert_eq!(cache.get("huge").await, None);
    }

    #[tokio::test]
    async fn what_is_cleared_is_gone() {
        let cache = ResponseCache::new(CacheConfig::default());
        assert_eq!(cache.stats().hit_rate(), None);
        cache.insert("a", RESPONSE).await;
        cache.clone().clear().await;
        assert_eq!((cache.get("a").await, cache.stats().entries), (None, 0));
    }
}
