//! Reads and writes at once.

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinHandle;

use super::place::{Place, READ};
use super::scratch::{SEED, Scratch, answer};
use super::stage::Stage;
use crate::backend::database::{Corpus, Database, Event};
use crate::bench::Harness;

/// Events that are there before each iteration, and are read.
const ROWS: usize = 1_000;

/// Ranges that each reader reads.
const READS: usize = 10;

/// Batches that each writer writes, and events of each.
const BATCHES: usize = 5;
const BATCH: usize = 100;

/// `mixed/<readers>x<writers>`.
pub(super) fn mixed(harness: &mut Harness, stage: &Stage<'_>) {
    let (readers, writers) = harness.sizes().mixed;
    let work = LazyCell::new(|| (stage.empty(), Arc::new(Work::new(readers, writers))));
    let operations = (readers * READS + writers * BATCHES) as u64;
    let id = stage.id(&format!("mixed/{readers}x{writers}"));
    harness.time_slow(&id, Some(Throughput::Elements(operations)), |bencher| {
        let (scratch, work) = &*work;
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| stage.runtime.block_on(do_both(scratch, work))).sum()
        });
    });
}

/// What is read and written, the same in each iteration.
struct Work {
    before: Vec<Event>,
    /// For each reader.
    places: Vec<Vec<Place>>,
    /// For each writer.
    batches: Vec<Vec<Vec<Event>>>,
}

impl Work {
    fn new(readers: usize, writers: usize) -> Self {
        let (mut corpus, mut rng) = (Corpus::new(SEED), StdRng::seed_from_u64(SEED));
        let before = corpus.by_ref().take(ROWS).collect();
        let mut batch = || corpus.by_ref().take(BATCH).collect::<Vec<_>>();
        let mut place = || Place::in_table(&mut rng, ROWS);
        Self {
            before,
            places: (0..readers).map(|_| (0..READS).map(|_| place()).collect()).collect(),
            batches: (0..writers).map(|_| (0..BATCHES).map(|_| batch()).collect()).collect(),
        }
    }
}

/// The time of all tasks on a table that has just been filled. Afterwards it must hold every event.
async fn do_both(scratch: &Scratch<'_>, work: &Arc<Work>) -> Duration {
    refill(scratch.database(), &work.before).await;
    let start = Instant::now();
    let readers = (0..work.places.len()).map(|reader| read(scratch.shared(), Arc::clone(work), reader));
    let writers = (0..work.batches.len()).map(|writer| write(scratch.shared(), Arc::clone(work), writer));
    join_all(readers.chain(writers).collect::<Vec<_>>()).await.into_iter().for_each(answer);
    let (time, written) = (start.elapsed(), work.batches.len() * BATCHES * BATCH);
    assert_eq!(answer(scratch.database().count_events().await), (ROWS + written) as u64, "events were lost");
    time
}

async fn refill(database: &dyn Database, events: &[Event]) {
    answer(database.clear_events().await);
    answer(database.insert_events(events).await);
}

fn read(database: Arc<dyn Database>, work: Arc<Work>, reader: usize) -> JoinHandle<()> {
    tokio::spawn(async move {
        for place in &work.places[reader] {
            place.check_range(&answer(database.events_between(place.range(), READ).await));
        }
    })
}

fn write(database: Arc<dyn Database>, work: Arc<Work>, writer: usize) -> JoinHandle<()> {
    tokio::spawn(async move {
        for batch in &work.batches[writer] {
            answer(database.insert_events(batch).await);
        }
    })
}
