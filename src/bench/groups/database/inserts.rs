//! Writing.

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use criterion::Throughput;

use super::scratch::{SEED, answer};
use super::stage::Stage;
use crate::backend::database::{Corpus, Database, Event};
use crate::bench::Harness;

/// `bulk_insert/<n>`.
pub(super) fn bulk_insert(harness: &mut Harness, stage: &Stage<'_>) {
    let count = harness.sizes().bulk_insert;
    let scratch = LazyCell::new(|| stage.empty());
    let events = LazyCell::new(|| Corpus::new(SEED).take(count).collect::<Vec<_>>());
    let id = stage.id(&format!("bulk_insert/{count}"));
    harness.time_slow(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let (database, events) = (scratch.database(), &events[..]);
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| stage.runtime.block_on(insert(database, events))).sum()
        });
    });
}

/// The time of one insert into an empty table, which afterwards must hold every event.
async fn insert(database: &dyn Database, events: &[Event]) -> Duration {
    answer(database.clear_events().await);
    let start = Instant::now();
    answer(database.insert_events(events).await);
    let time = start.elapsed();
    assert_eq!(answer(database.count_events().await), events.len() as u64, "events were lost");
    time
}
