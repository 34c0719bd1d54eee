//! Reading, by index.

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::place::{Place, READ};
use super::scratch::{SEED, Scratch, answer};
use super::stage::Stage;
use crate::backend::database::Database;
use crate::bench::Harness;

/// Rows of the table under `concurrent_reads`.
const READ_ROWS: usize = 10_000;

/// `concurrent_reads/<n>`.
pub(super) fn concurrent_reads(harness: &mut Harness, stage: &Stage<'_>) {
    let count = harness.sizes().concurrent_reads;
    let scratch = LazyCell::new(|| stage.table(READ_ROWS));
    let mut rng = StdRng::seed_from_u64(SEED);
    let id = stage.id(&format!("concurrent_reads/{count}"));
    harness.time(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let scratch = &**scratch;
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

/// What is asked of a table.
#[derive(Clone, Copy)]
enum Query {
    /// An event by id.
    Point,
    /// A hundred events of a range of time.
    Range,
    /// The usage of each model in a range of time.
    Aggregate,
}

impl Query {
    const ALL: [Self; 3] = [Self::Point, Self::Range, Self::Aggregate];

    fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Range => "range",
            Self::Aggregate => "aggregate",
        }
    }

    async fn time(self, database: &dyn Database, place: Place) -> Duration {
        match self {
            Self::Point => look_up(database, place).await,
            Self::Range => read(database, place).await,
            Self::Aggregate => add_up(database, place).await,
        }
    }
}

/// `query/<what>/<rows>`, for each query and each size of the table.
pub(super) fn query(harness: &mut Harness, stage: &Stage<'_>) {
    for query in Query::ALL {
        for (name, rows) in harness.sizes().query_rows {
            query_table(harness, stage, query, (name, *rows));
        }
    }
}

fn query_table(harness: &mut Harness, stage: &Stage<'_>, query: Query, (name, rows): (&str, usize)) {
    let table = LazyCell::new(|| stage.table(rows));
    let mut rng = StdRng::seed_from_u64(SEED);
    harness.time_one_of_many(&stage.id(&format!("query/{}/{name}", query.name())), |bencher| {
        let database = table.database();
        bencher.iter_custom(|iterations| {
            let mut place = || Place::in_table(&mut rng, rows);
            (0..iterations).map(|_| stage.runtime.block_on(query.time(database, place()))).sum()
        });
    });
}

/// The time of a lookup.
pub(super) async fn look_up(database: &dyn Database, place: Place) -> Duration {
    let start = Instant::now();
    let event = answer(database.event(place.id()).await);
    let time = start.elapsed();
    place.check_event(event.as_ref());
    time
}

async fn read(database: &dyn Database, place: Place) -> Duration {
    let start = Instant::now();
    let events = answer(database.events_between(place.range(), READ).await);
    let time = start.elapsed();
    place.check_range(&events);
    time
}

async fn add_up(database: &dyn Database, place: Place) -> Duration {
    let start = Instant::now();
    let usage = answer(database.usage_between(place.range()).await);
    let time = start.elapsed();
    place.check_usage(&usage);
    time
}
