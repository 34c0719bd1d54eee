//! The `cache` group: how often the response cache has the answer, and how long a lookup takes.
//!
//! Every benchmark runs against a [`ResponseCache`] that holds a tenth of the responses that are asked for.

pub mod trace;

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Bencher, Throughput};
use tokio::runtime::Runtime;

use crate::backend::cache::{CacheConfig, ResponseCache};
use crate::bench::harness::runtime;
use crate::bench::load::{Batch, Failure, Mix, Operation, Target, UserSession};
use crate::bench::{Harness, Unit};
use trace::{KEYS, Trace, TraceRequest};

/// The longest that a task may take: far beyond any lookup.
const DEADLINE: Duration = Duration::from_mins(1);

/// Bytes of one response with its key.
const WEIGHT: usize = 512;

/// Responses that fit into the cache: a tenth of those asked for.
const KEPT: u64 = KEYS / 10;

/// Runs every benchmark of the `cache` category.
pub fn run(harness: &mut Harness) {
    let requests = harness.sizes().cache_trace;
    harness.replay("hit_rate/zipf", Unit::Percent, |samples| hit_rates(samples, requests, Trace::zipf));
    harness.replay("hit_rate/scan", Unit::Percent, |samples| hit_rates(samples, requests, Trace::scan));
    harness.time("lookup/hit", None, |bencher| lookup(bencher, 0, true));
    harness.time("lookup/miss", None, |bencher| lookup(bencher, KEPT, false));
    concurrent(harness, harness.sizes().cache_tasks);
}

/// A cache for `KEPT` responses, which outlive the benchmark.
fn cache() -> ResponseCache {
    let time_to_live = Duration::from_hours(1);
    ResponseCache::new(CacheConfig { capacity_bytes: KEPT * WEIGHT as u64, time_to_live })
}

/// Keys as long as an API's paths are, all of one length so that all responses have one size.
fn key(number: u64) -> String {
    format!("/api/threads/{number:08}/messages")
}

/// The response to the key of that number, which can be told from every other.
fn response(number: u64) -> Bytes {
    let mut body = number.to_be_bytes().to_vec();
    body.resize(WEIGHT - key(number).len(), b' ');
    body.into()
}

/// Each sample is a trace of its own seed, so that the series shows how much the rate varies with the traffic.
fn hit_rates(samples: usize, requests: usize, trace: impl Fn(u64) -> Trace) -> Vec<f64> {
    let runtime = runtime();
    let seeds = 1..=samples as u64;
    seeds.map(|seed| runtime.block_on(hit_rate(trace(seed), requests))).collect()
}

/// The percentage of regular requests that a warm cache answers.
async fn hit_rate(mut trace: Trace, requests: usize) -> f64 {
    let cache = cache();
    for request in trace.by_ref().take(requests / 4) {
        answered(&cache, &request).await;
    }
    let (mut regular, mut hits) = (0_u32, 0_u32);
    for request in trace.take(requests) {
        let hit = answered(&cache, &request).await;
        regular += u32::from(request.is_regular());
        hits += u32::from(hit && request.is_regular());
    }
    100.0 * f64::from(hits) / f64::from(regular)
}

/// Whether the cache had the response, which is loaded where it had not.
async fn answered(cache: &ResponseCache, request: &TraceRequest) -> bool {
    let number = request.number();
    let (answer, hit) = ask(cache, &key(number), number).await;
    assert_eq!(answer, response(number), "{request:?} got another's response");
    hit
}

/// The response for `key`, and whether the cache had it.
async fn ask(cache: &ResponseCache, key: &str, number: u64) -> (Bytes, bool) {
    let mut hit = true;
    let load = async {
        hit = false;
        Ok::<_, Infallible>(response(number))
    };
    let answer = cache.get_or_load(key, load).await.expect("responses are made without errors");
    (answer, hit)
}

/// Times a lookup among `KEPT` keys from `first` on, in a full cache that has the first `KEPT` ones.
fn lookup(bencher: &mut Bencher<'_>, first: u64, present: bool) {
    let (runtime, cache) = (runtime(), cache());
    let keys: Vec<_> = (first..first + KEPT).map(key).collect();
    runtime.block_on(fill(&cache));
    bencher.iter_custom(|iterations| {
        runtime.block_on(async {
            let started = Instant::now();
            for key in keys.iter().cycle().take(usize::try_from(iterations).unwrap_or(usize::MAX)) {
                black_box(cache.get(black_box(key)).await);
            }
            started.elapsed()
        })
    });
    let found = |key: &String| runtime.block_on(cache.get(key)).is_some();
    assert!(keys.iter().all(|key| found(key) == present), "lookups should all find {present}");
}

async fn fill(cache: &ResponseCache) {
    for number in 0..KEPT {
        cache.insert(key(number), response(number)).await;
    }
    cache.settle().await;
}

/// Times many tasks at once on one cache: from the start of the first to the end of the last.
fn concurrent(harness: &mut Harness, (tasks, operations): (usize, usize)) {
    let id = format!("concurrent/{tasks}x{operations}");
    harness.time(&id, Some(Throughput::Elements((tasks * operations) as u64)), |bencher| {
        let runtime = runtime();
        let target = Lookups::new(&runtime, tasks, operations);
        bencher.iter_custom(|iterations| (0..iterations).map(|_| runtime.block_on(target.once())).sum());
    });
}

/// A cache as a target of load: each of its operations is all lookups of one task.
struct Lookups {
    cache: ResponseCache,
    mix: Arc<Mix>,
    /// What each task asks for: hits, misses and evictions in the shares that the cache settles at.
    tasks: Vec<Arc<[(String, u64)]>>,
}

/// One task, which keeps its answers until they are checked, outside of what is timed.
struct LookupSession {
    cache: ResponseCache,
    keys: Arc<[(String, u64)]>,
    answers: Vec<Bytes>,
}

impl Target for Lookups {
    type Session = LookupSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.mix)
    }

    fn session(&self, task: usize) -> LookupSession {
        let keys = Arc::clone(&self.tasks[task]);
        LookupSession { cache: self.cache.clone(), answers: Vec::with_capacity(keys.len()), keys }
    }
}

impl UserSession for LookupSession {
    async fn perform(&mut self, _: Operation) -> Result<(), Failure> {
        for (key, number) in &*self.keys {
            self.answers.push(ask(&self.cache, key, *number).await.0);
        }
        Ok(())
    }
}

impl Lookups {
    fn new(runtime: &Runtime, tasks: usize, operations: usize) -> Self {
        let (cache, mix) = (cache(), Arc::new(Mix::new([("lookups", 100.0)]).expect("one operation")));
        runtime.block_on(fill(&cache));
        let mut numbers = Trace::zipf(1).map(TraceRequest::number);
        let mut keys = || numbers.by_ref().take(operations).map(|number| (key(number), number)).collect();
        Self { cache, mix, tasks: (0..tasks).map(|_| keys()).collect() }
    }

    async fn once(&self) -> Duration {
        let tasks = self.tasks.len();
        let batch = Batch::run(self, self.mix.spread(tasks), tasks, DEADLINE).await;
        assert!(batch.sessions.iter().all(LookupSession::is_right), "a task got another key's response");
        batch.time
    }
}

impl LookupSession {
    fn is_right(&self) -> bool {
        let right =
            self.answers.iter().zip(&*self.keys).all(|(answer, (_, number))| *answer == response(*number));
        right && !self.answers.is_empty() && self.answers.len() == self.keys.len()
    }
}
