//! Writing: in bulk, in batches while others add up, and beside readers.

use std::cell::LazyCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinHandle;

use super::engines::expect_ok;
use super::fixture::{Fixture, SEED, Scratch};
use super::reads::{Position, READ};
use crate::backend::database::{Corpus, Database, Event, corpus};
use crate::bench::Harness;

/// `bulk_insert/<n>`.
pub(super) fn bulk_insert(harness: &mut Harness, fixture: &Fixture<'_>) {
    let count = harness.sizes().bulk_insert;
    let scratch = LazyCell::new(|| fixture.empty());
    let events = LazyCell::new(|| Corpus::new(SEED).take(count).collect::<Vec<_>>());
    let id = fixture.id(&format!("bulk_insert/{count}"));
    harness.time_slow(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let (database, events) = (scratch.database(), &events[..]);
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| fixture.runtime.block_on(insert(database, events))).sum()
        });
    });
}

/// The time of one insert into an empty table, which afterwards must hold every event.
async fn insert(database: &dyn Database, events: &[Event]) -> Duration {
    expect_ok(database.clear_events().await);
    let start = Instant::now();
    expect_ok(database.insert_events(events).await);
    let time = start.elapsed();
    assert_eq!(expect_ok(database.count_events().await), events.len() as u64, "events were lost");
    time
}

/// Events of each batch.
const INGEST_BATCH: usize = 5_000;

/// Tasks that keep asking.
const ASKERS: usize = 2;

/// `ingest_while_querying/<n>`.
pub(super) fn ingest_while_querying(harness: &mut Harness, fixture: &Fixture<'_>) {
    let count = harness.sizes().bulk_insert;
    let scratch = LazyCell::new(|| fixture.empty());
    let events = LazyCell::new(|| Corpus::new(SEED).take(count).collect::<Vec<_>>());
    let id = fixture.id(&format!("ingest_while_querying/{count}"));
    harness.time_slow(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let (scratch, events) = (&*scratch, &events[..]);
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| fixture.runtime.block_on(ingest(scratch, events))).sum()
        });
    });
}

/// The time until all events are stored, batch after batch, in a table that is being asked all the while.
async fn ingest(scratch: &Scratch<'_>, events: &[Event]) -> Duration {
    expect_ok(scratch.database().clear_events().await);
    let done = Arc::new(AtomicBool::new(false));
    let askers: Vec<_> =
        (0..ASKERS).map(|_| ask(scratch.shared(), Arc::clone(&done), events.len())).collect();
    let time = store(scratch.database(), events).await;
    done.store(true, Ordering::Relaxed);
    check(scratch.database(), events.len(), join_all(askers).await.into_iter().map(expect_ok).sum()).await;
    time
}

async fn store(database: &dyn Database, events: &[Event]) -> Duration {
    let start = Instant::now();
    for batch in events.chunks(INGEST_BATCH) {
        expect_ok(database.insert_events(batch).await);
    }
    start.elapsed()
}

/// Adds up the usage of everything until `done`, and returns how often. What is stored is never seen to shrink.
fn ask(database: Arc<dyn Database>, done: Arc<AtomicBool>, all: usize) -> JoinHandle<usize> {
    let everything = corpus::window(0, i64::try_from(all).unwrap_or(i64::MAX));
    tokio::spawn(async move {
        let (mut answers, mut seen) = (0, 0);
        while !done.load(Ordering::Relaxed) {
            let usage = expect_ok(database.usage_between(everything.clone()).await);
            let now: i64 = usage.iter().map(|model| model.events).sum();
            assert!(now >= seen, "{seen} events were there, and then {now}");
            (answers, seen) = (answers + 1, now);
        }
        answers
    })
}

async fn check(database: &dyn Database, events: usize, answers: usize) {
    assert_eq!(expect_ok(database.count_events().await), events as u64, "events were lost");
    assert!(answers >= ASKERS, "no query was answered while events came in");
}

/// Events that are there before each iteration, and are read.
const MIXED_ROWS: usize = 1_000;

/// Ranges that each reader reads.
const READS: usize = 10;

/// Batches that each writer writes, and events of each.
const BATCHES: usize = 5;
const BATCH: usize = 100;

/// `mixed/<readers>x<writers>`.
pub(super) fn mixed(harness: &mut Harness, fixture: &Fixture<'_>) {
    let (readers, writers) = harness.sizes().mixed;
    let work = LazyCell::new(|| (fixture.empty(), Arc::new(Work::new(readers, writers))));
    let operations = (readers * READS + writers * BATCHES) as u64;
    let id = fixture.id(&format!("mixed/{readers}x{writers}"));
    harness.time_slow(&id, Some(Throughput::Elements(operations)), |bencher| {
        let (scratch, work) = &*work;
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| fixture.runtime.block_on(do_both(scratch, work))).sum()
        });
    });
}

/// What is read and written, the same in each iteration.
struct Work {
    before: Vec<Event>,
    /// For each reader.
    places: Vec<Vec<Position>>,
    /// For each writer.
    batches: Vec<Vec<Vec<Event>>>,
}

impl Work {
    fn new(readers: usize, writers: usize) -> Self {
        let (mut corpus, mut rng) = (Corpus::new(SEED), StdRng::seed_from_u64(SEED));
        let before = corpus.by_ref().take(MIXED_ROWS).collect();
        let mut batch = || corpus.by_ref().take(BATCH).collect::<Vec<_>>();
        let mut place = || Position::in_table(&mut rng, MIXED_ROWS);
        Self {
            before,
            places: (0..readers).map(|_| (0..READS).map(|_| place()).collect()).collect(),
            batches: (0..writers).map(|_| (0..BATCHES).map(|_| batch()).collect()).collect(),
        }
    }

    /// Rows of the table after an iteration.
    fn rows_after(&self) -> u64 {
        (MIXED_ROWS + self.batches.len() * BATCHES * BATCH) as u64
    }
}

/// The time of all tasks on a table that has just been filled. Afterwards it must hold every event.
async fn do_both(scratch: &Scratch<'_>, work: &Arc<Work>) -> Duration {
    refill(scratch.database(), &work.before).await;
    let start = Instant::now();
    let readers = (0..work.places.len()).map(|reader| read(scratch.shared(), Arc::clone(work), reader));
    let writers = (0..work.batches.len()).map(|writer| write(scratch.shared(), Arc::clone(work), writer));
    join_all(readers.chain(writers).collect::<Vec<_>>()).await.into_iter().for_each(expect_ok);
    let time = start.elapsed();
    assert_eq!(expect_ok(scratch.database().count_events().await), work.rows_after(), "events were lost");
    time
}

async fn refill(database: &dyn Database, events: &[Event]) {
    expect_ok(database.clear_events().await);
    expect_ok(database.insert_events(events).await);
}

fn read(database: Arc<dyn Database>, work: Arc<Work>, reader: usize) -> JoinHandle<()> {
    tokio::spawn(async move {
        for place in &work.places[reader] {
            place.check_range(&expect_ok(database.events_between(place.range(), READ).await));
        }
    })
}

fn write(database: Arc<dyn Database>, work: Arc<Work>, writer: usize) -> JoinHandle<()> {
    tokio::spawn(async move {
        for batch in &work.batches[writer] {
            expect_ok(database.insert_events(batch).await);
        }
    })
}
