//! Many tasks at once on one cache.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::Bencher;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::trace::{Request, Trace};
use super::{ask, cache, fill, key, response};
use crate::backend::cache::ResponseCache;
use crate::bench::harness::runtime;

/// What each task asks for, over and over: hits, misses and evictions in the shares that the cache settles at.
pub struct Load {
    runtime: Runtime,
    cache: ResponseCache,
    plans: Vec<Plan>,
}

/// The requests of one task, with their keys.
type Plan = Arc<[(String, u64)]>;

impl Load {
    pub fn new(tasks: usize, operations: usize) -> Self {
        let (runtime, cache) = (runtime(), cache());
        runtime.block_on(fill(&cache));
        let mut numbers = Trace::zipf(1).map(Request::number);
        let mut plan = || numbers.by_ref().take(operations).map(|number| (key(number), number)).collect();
        let plans = (0..tasks).map(|_| plan()).collect();
        Self { runtime, cache, plans }
    }

    pub fn time(&self, bencher: &mut Bencher<'_>) {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| self.runtime.block_on(self.once())).sum());
    }

    /// The time from the start of the first task to the end of the last.
    async fn once(&self) -> Duration {
        let mut tasks = JoinSet::new();
        let started = Instant::now();
        for plan in &self.plans {
            tasks.spawn(ask_all(self.cache.clone(), plan.clone()));
        }
        let answers = tasks.join_all().await;
        let elapsed = started.elapsed();
        assert!(answers.iter().all(|answers| are_right(answers)), "a task got another key's response");
        elapsed
    }
}

async fn ask_all(cache: ResponseCache, plan: Plan) -> Vec<(u64, Bytes)> {
    let mut answers = Vec::with_capacity(plan.len());
    for (key, number) in plan.iter() {
        answers.push((*number, ask(&cache, key, *number).await.0));
    }
    answers
}

fn are_right(answers: &[(u64, Bytes)]) -> bool {
    !answers.is_empty() && answers.iter().all(|(number, answer)| *answer == response(*number))
}
