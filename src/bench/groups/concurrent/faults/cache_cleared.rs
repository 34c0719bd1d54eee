//! The cache forgets all its entries, again and again.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::fault::{Fault, Unavailable};
use crate::backend::cache::ResponseCache;
use crate::bench::Platform;

/// How often the cache is cleared.
const INTERVAL: Duration = Duration::from_millis(20);

/// The task that clears the cache, while the fault lasts.
pub(super) struct CacheCleared(Option<JoinHandle<()>>);

impl Fault for CacheCleared {
    const NAME: &'static str = "cache_cleared";

    async fn prepare() -> Result<Self, Unavailable> {
        Ok(Self(None))
    }

    async fn inject(&mut self, platform: &Platform) {
        self.0 = Some(tokio::spawn(clear(platform.parts.cache.clone())));
    }

    async fn heal(&mut self, _: &Platform) {
        self.0.take().iter().for_each(JoinHandle::abort);
    }

    fn trace(&self, platform: &Platform) -> u64 {
        platform.parts.cache.stats().loads
    }
}

async fn clear(cache: ResponseCache) {
    loop {
        cache.clear().await;
        sleep(INTERVAL).await;
    }
}
