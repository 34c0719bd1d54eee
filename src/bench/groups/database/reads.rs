//! Reading, by index.

use std::cell::LazyCell;
use std::ops::Range;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Stage;
use super::scratch::{SEED, Scratch, answer};
use crate::backend::database::{Database, Event, ModelUsage, corpus};
use crate::bench::Harness;

/// Rows of the table under `concurrent_reads`.
const READ_ROWS: usize = 10_000;

/// Events in each range that is read.
const READ: u32 = 100;

/// Events that each aggregate adds up.
const ADDED_UP: i64 = 500;

/// `concurrent_reads/<n>`.
pub(super) fn concurrent_reads(harness: &mut Harness, stage: Stage<'_>) {
    let count = harness.sizes().concurrent_reads;
    let scratch = LazyCell::new(|| stage.loaded(READ_ROWS));
    let mut rng = StdRng::seed_from_u64(SEED);
    let id = stage.id(&format!("concurrent_reads/{count}"));
    harness.time(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let scratch = &*scratch;
        bencher.iter_custom(|iterations| {
            let mut places = || (0..count).map(|_| Place::in_table(&mut rng, READ_ROWS)).collect::<Vec<_>>();
            (0..iterations).map(|_| stage.runtime.block_on(read_at_once(scratch, &places()))).sum()
        });
    });
}

/// The time until every place is read, each by a task of its own.
async fn read_at_once(scratch: &Scratch<'_>, places: &[Place]) -> Duration {
    let start = Instant::now();
    let reads = places.iter().map(|place| {
        let (database, range) = (scratch.shared(), place.range());
        tokio::spawn(async move { database.events_between(range, READ).await })
    });
    let found = join_all(reads).await;
    let time = start.elapsed();
    let check = |(place, read): (&Place, _)| place.check_range(&answer(answer::<Result<Vec<_>, _>, _>(read)));
    places.iter().zip(found).for_each(check);
    time
}

/// `query/<rows>`, for each size of the table.
pub(super) fn query(harness: &mut Harness, stage: Stage<'_>) {
    for (name, rows) in harness.sizes().query_rows {
        let scratch = LazyCell::new(|| stage.loaded(*rows));
        let mut rng = StdRng::seed_from_u64(SEED);
        harness.time(&stage.id(&format!("query/{name}")), None, |bencher| {
            let database = scratch.database();
            bencher.iter_custom(|iterations| {
                let mut place = || Place::in_table(&mut rng, *rows);
                (0..iterations).map(|_| stage.runtime.block_on(look_at(database, place()))).sum()
            });
        });
    }
}

/// The time of a lookup, a range and an aggregate at one place, one after the other.
async fn look_at(database: &dyn Database, place: Place) -> Duration {
    let start = Instant::now();
    let event = answer(database.event(place.id()).await);
    let events = answer(database.events_between(place.range(), READ).await);
    let usage = answer(database.usage_between(place.range()).await);
    let time = start.elapsed();
    place.check(event.as_ref(), &events, &usage);
    time
}

fn check_usage(usage: &[ModelUsage]) {
    let added_up: i64 = usage.iter().map(|model| model.events).sum();
    assert_eq!(added_up, ADDED_UP, "the wrong events were added up");
}

/// Where in a table to look: behind how many events.
struct Place(i64);

impl Place {
    fn in_table(rng: &mut StdRng, rows: usize) -> Self {
        let last = i64::try_from(rows).unwrap_or(i64::MAX) - ADDED_UP;
        Self(rng.random_range(0..=last))
    }

    fn id(&self) -> i64 {
        self.0 + 1
    }

    fn range(&self) -> Range<i64> {
        corpus::window(self.0, ADDED_UP)
    }

    fn check(&self, event: Option<&Event>, events: &[Event], usage: &[ModelUsage]) {
        assert_eq!(event.map(|event| event.id), Some(self.id()), "the wrong event was found");
        self.check_range(events);
        check_usage(usage);
    }

    fn check_range(&self, events: &[Event]) {
        let (first, last) = (self.id(), self.id() + i64::from(READ) - 1);
        let ends = (events.first().map(|event| event.id), events.last().map(|event| event.id));
        assert_eq!(
            (events.len(), ends),
            (READ as usize, (Some(first), Some(last))),
            "the wrong range was read"
        );
    }
}
