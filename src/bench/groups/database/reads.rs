//! Reading by index: ranges at once, each kind of query, a large table beside a small one, and statements prepared or not.

use std::cell::LazyCell;
use std::ops::Range;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::engines::expect_ok;
use super::fixture::{Fixture, SEED, Scratch};
use crate::backend::database::{Database, Event, ModelUsage, PreparedStatements, Task, corpus};
use crate::bench::{Harness, Unit};

/// Events in each range that is read.
pub(super) const READ: u32 = 100;

/// Events that each aggregate adds up.
pub(super) const ADDED_UP: i64 = 500;

/// A position in a table: the number of events before it.
#[derive(Clone, Copy)]
pub(super) struct Position(i64);

impl Position {
    /// A random one in a table of `rows` events, as far from its end as an aggregate needs.
    pub(super) fn in_table(rng: &mut StdRng, rows: usize) -> Self {
        let last = i64::try_from(rows).unwrap_or(i64::MAX) - ADDED_UP;
        Self(rng.random_range(0..=last))
    }

    /// The event to look up.
    pub(super) fn id(self) -> i64 {
        self.0 + 1
    }

    /// The times of the events to read or to add up.
    pub(super) fn range(self) -> Range<i64> {
        corpus::window(self.0, ADDED_UP)
    }

    pub(super) fn check_event(self, event: Option<&Event>) {
        assert_eq!(event.map(|event| event.id), Some(self.id()), "the wrong event was found");
    }

    pub(super) fn check_range(self, events: &[Event]) {
        let (first, last) = (self.id(), self.id() + i64::from(READ) - 1);
        let ends = (events.first().map(|event| event.id), events.last().map(|event| event.id));
        assert_eq!(
            (events.len(), ends),
            (READ as usize, (Some(first), Some(last))),
            "the wrong range was read"
        );
    }

    pub(super) fn check_usage(self, usage: &[ModelUsage]) {
        let added_up: i64 = usage.iter().map(|model| model.events).sum();
        assert_eq!(added_up, ADDED_UP, "the wrong events were added up from {}", self.0);
    }
}

/// Rows of the table under `concurrent_reads`.
const READ_ROWS: usize = 10_000;

/// `concurrent_reads/<n>`.
pub(super) fn concurrent_reads(harness: &mut Harness, fixture: &Fixture<'_>) {
    let count = harness.sizes().concurrent_reads;
    let scratch = LazyCell::new(|| fixture.table(READ_ROWS));
    let mut rng = StdRng::seed_from_u64(SEED);
    let id = fixture.id(&format!("concurrent_reads/{count}"));
    harness.time(&id, Some(Throughput::Elements(count as u64)), |bencher| {
        let scratch = &**scratch;
        bencher.iter_custom(|iterations| {
            let mut places =
                || (0..count).map(|_| Position::in_table(&mut rng, READ_ROWS)).collect::<Vec<_>>();
            (0..iterations).map(|_| fixture.runtime.block_on(read_at_once(scratch, &places()))).sum()
        });
    });
}

/// The time until every place is read, each by a task of its own.
async fn read_at_once(scratch: &Scratch<'_>, places: &[Position]) -> Duration {
    let start = Instant::now();
    let reads = places.iter().map(|place| {
        let (database, range) = (scratch.shared(), place.range());
        tokio::spawn(async move { database.events_between(range, READ).await })
    });
    let found = join_all(reads).await;
    let time = start.elapsed();
    let check = |(place, read): (&Position, _)| {
        place.check_range(&expect_ok(expect_ok::<Result<Vec<_>, _>, _>(read)));
    };
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

    async fn time(self, database: &dyn Database, place: Position) -> Duration {
        match self {
            Self::Point => look_up(database, place).await,
            Self::Range => {
                timed(database.events_between(place.range(), READ), |events| place.check_range(&events)).await
            }
            Self::Aggregate => {
                timed(database.usage_between(place.range()), |usage| place.check_usage(&usage)).await
            }
        }
    }
}

/// `query/<what>/<rows>`, for each query and each size of the table.
pub(super) fn query(harness: &mut Harness, fixture: &Fixture<'_>) {
    for query in Query::ALL {
        for (name, rows) in harness.sizes().query_rows {
            query_table(harness, fixture, query, (name, *rows));
        }
    }
}

fn query_table(harness: &mut Harness, fixture: &Fixture<'_>, query: Query, (name, rows): (&str, usize)) {
    let table = LazyCell::new(|| fixture.table(rows));
    let mut rng = StdRng::seed_from_u64(SEED);
    harness.time_one_of_many(&fixture.id(&format!("query/{}/{name}", query.name())), |bencher| {
        let database = table.database();
        bencher.iter_custom(|iterations| {
            let mut place = || Position::in_table(&mut rng, rows);
            (0..iterations).map(|_| fixture.runtime.block_on(query.time(database, place()))).sum()
        });
    });
}

/// The time of a lookup.
pub(super) async fn look_up(database: &dyn Database, place: Position) -> Duration {
    timed(database.event(place.id()), |event| place.check_event(event.as_ref())).await
}

/// The time of `task`, whose result is checked after it.
async fn timed<T>(task: Task<'_, T>, check: impl FnOnce(T)) -> Duration {
    let start = Instant::now();
    let result = expect_ok(task.await);
    let time = start.elapsed();
    check(result);
    time
}

/// `query/growth`: the median lookup in the largest table over that in the smallest. The two are asked in turn, so that
/// whatever else the machine does meets both alike.
pub(super) fn growth(harness: &mut Harness, fixture: &Fixture<'_>) {
    let sizes = harness.sizes();
    let (smallest, largest) = (sizes.query_rows[0].1, sizes.query_rows[sizes.query_rows.len() - 1].1);
    harness.replay(&fixture.id("query/growth"), Unit::Ratio, |samples| {
        let (small, large) = (fixture.table(smallest), fixture.table(largest));
        let mut pair = Pair { small: Looked::at(&small, smallest), large: Looked::at(&large, largest) };
        // One round that counts for nothing: connections and caches are cold.
        let rounds = (0..=samples).map(|_| pair.ratio(fixture, sizes.growth_pairs));
        rounds.skip(1).collect()
    });
}

/// A table that is being looked into.
struct Looked<'a> {
    table: &'a Scratch<'a>,
    rows: usize,
    rng: StdRng,
    times: Vec<Duration>,
}

impl<'a> Looked<'a> {
    fn at(table: &'a Scratch<'a>, rows: usize) -> Self {
        Self { table, rows, rng: StdRng::seed_from_u64(SEED), times: Vec::new() }
    }

    fn look_up(&mut self, fixture: &Fixture<'_>) {
        let place = Position::in_table(&mut self.rng, self.rows);
        self.times.push(fixture.runtime.block_on(look_up(self.table.database(), place)));
    }

    /// In seconds.
    fn take_median(&mut self) -> f64 {
        let mut times = std::mem::take(&mut self.times);
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    }
}

struct Pair<'a> {
    small: Looked<'a>,
    large: Looked<'a>,
}

impl Pair<'_> {
    /// The ratio of the medians of `pairs` lookups in each, the order changing from pair to pair.
    fn ratio(&mut self, fixture: &Fixture<'_>, pairs: usize) -> f64 {
        for pair in 0..pairs {
            let (first, second) = if pair % 2 == 0 {
                (&mut self.small, &mut self.large)
            } else {
                (&mut self.large, &mut self.small)
            };
            first.look_up(fixture);
            second.look_up(fixture);
        }
        self.large.take_median() / self.small.take_median()
    }
}

/// `statement/prepared` and `statement/cold`: the same lookups, by the one and by the other.
pub(super) fn statements(harness: &mut Harness, fixture: &Fixture<'_>) {
    let table = LazyCell::new(|| fixture.table(READ_ROWS));
    for (name, kept) in [("statement/prepared", true), ("statement/cold", false)] {
        let mut rng = StdRng::seed_from_u64(SEED);
        harness.time(&fixture.id(name), None, |bencher| {
            let statements = table.statements();
            bencher.iter_custom(|iterations| {
                let mut place = || Position::in_table(&mut rng, READ_ROWS);
                (0..iterations).map(|_| fixture.runtime.block_on(time(statements, place(), kept))).sum()
            });
        });
    }
}

async fn time(database: &dyn PreparedStatements, place: Position, kept: bool) -> Duration {
    if kept {
        return look_up(database, place).await;
    }
    timed(database.event_unprepared(place.id()), |event| place.check_event(event.as_ref())).await
}
