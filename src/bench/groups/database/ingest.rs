//! Events that come in while others are being added up.

use std::cell::LazyCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::scratch::{SEED, Scratch, answer};
use super::stage::Stage;
use crate::backend::database::{Corpus, Database, Event, corpus};
use crate::bench::Harness;

/// Events of each batch.
const BATCH: usize = 5_000;

/// Tasks that keep asking.
const ASKERS: usize = 2;

/// `ingest_while_querying/<n>`.
pub(super) fn ingest_while_querying(harness: &mut Harness, stage: &Stage<'_>) {
    let count = harness.sizes().bulk_insert;
    let scratch = LazyCell::new(|| stage.empty());
    let events = LazyCell::new(|| Corpus::new(SEED).take(count).collect::<Vec<_>>());
    let id = stage.id(&format!("ingest_while_querying/{count}"));
    harness.time_slow(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let (scratch, events) = (&*scratch, &events[..]);
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| stage.runtime.block_on(ingest(scratch, events))).sum()
        });
    });
}

/// The time until all events are stored, batch after batch, in a table that is being asked all the while.
async fn ingest(scratch: &Scratch<'_>, events: &[Event]) -> Duration {
    answer(scratch.database().clear_events().await);
    let done = Arc::new(AtomicBool::new(false));
    let askers: Vec<_> =
        (0..ASKERS).map(|_| ask(scratch.shared(), Arc::clone(&done), events.len())).collect();
    let time = store(scratch.database(), events).await;
    done.store(true, Ordering::Relaxed);
    check(scratch.database(), events.len(), join_all(askers).await.into_iter().map(answer).sum()).await;
    time
}

async fn store(database: &dyn Database, events: &[Event]) -> Duration {
    let start = Instant::now();
    for batch in events.chunks(BATCH) {
        answer(database.insert_events(batch).await);
    }
    start.elapsed()
}

/// Adds up the usage of everything until `done`, and returns how often. What is stored is never seen to shrink.
fn ask(database: Arc<dyn Database>, done: Arc<AtomicBool>, all: usize) -> JoinHandle<usize> {
    let everything = corpus::window(0, i64::try_from(all).unwrap_or(i64::MAX));
    tokio::spawn(async move {
        let (mut answers, mut seen) = (0, 0);
        while !done.load(Ordering::Relaxed) {
            let usage = answer(database.usage_between(everything.clone()).await);
            let now: i64 = usage.iter().map(|model| model.events).sum();
            assert!(now >= seen, "{seen} events were there, and then {now}");
            (answers, seen) = (answers + 1, now);
        }
        answers
    })
}

async fn check(database: &dyn Database, events: usize, answers: usize) {
    assert_eq!(answer(database.count_events().await), events as u64, "events were lost");
    assert!(answers >= ASKERS, "nobody was answered while events came in");
}
