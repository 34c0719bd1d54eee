//! Parts of the backend, and of what measures it, without their I/O.

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use hdrhistogram::Histogram;
use tokio::runtime::{Builder, Runtime};

use super::work::{Row, SEED, Work, repeat};
use backend_bench::backend::broadcaster::protocol::Command;
use backend_bench::backend::cache::{CacheConfig, ResponseCache};
use backend_bench::backend::database::Corpus;

pub(super) const ROWS: &[Row] = &[
    ("corpus_event", corpus_event),
    ("cache_hit", cache_hit),
    ("cache_insert", cache_insert),
    ("histogram_record", histogram_record),
    ("protocol_command", protocol_command),
];

/// Keys that take turns.
const KEYS: usize = 500;

fn corpus_event() -> Work {
    let mut corpus = Corpus::new(SEED);
    repeat(move || corpus.next())
}

/// A cache that holds a response for each of the keys.
fn cache() -> (Runtime, ResponseCache, Vec<String>) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime without threads");
    let cache =
        ResponseCache::new(CacheConfig { time_to_live: Duration::from_hours(1), ..CacheConfig::default() });
    let keys: Vec<_> = (0..KEYS).map(|number| format!("/api/threads/{number:08}/messages")).collect();
    runtime.block_on(async {
        for key in &keys {
            cache.insert(key.as_str(), response()).await;
        }
        cache.settle().await;
    });
    (runtime, cache, keys)
}

fn response() -> Bytes {
    Bytes::from_static(b"{\"messages\": []}")
}

fn cache_hit() -> Work {
    let (runtime, cache, keys) = cache();
    let mut turn = 0;
    Box::new(move |units| {
        runtime.block_on(async {
            for _ in 0..units {
                turn = (turn + 1) % KEYS;
                black_box(cache.get(black_box(&keys[turn])).await);
            }
        });
    })
}

fn cache_insert() -> Work {
    let (runtime, cache, keys) = cache();
    let mut turn = 0;
    Box::new(move |units| {
        runtime.block_on(async {
            for _ in 0..units {
                turn = (turn + 1) % KEYS;
                cache.insert(keys[turn].as_str(), response()).await;
            }
        });
    })
}

fn histogram_record() -> Work {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are within its range");
    let mut value = SEED;
    repeat(move || {
        value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        histogram.record(value >> 54)
    })
}

fn protocol_command() -> Work {
    let text = r#"{"publish":{"room":"lobby","payload":{"id":7,"text":"The quarterly report is ready"}}}"#;
    repeat(move || serde_json::from_str::<Command<'_>>(black_box(text)).is_ok())
}
