//! The pool itself.

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::engines::expect_ok;
use super::fixture::{Fixture, Scratch};
use crate::backend::database::{Database, Error, Event, PoolStats};
use crate::bench::{Harness, Mode, Unit};

/// Tasks that share a pool in `pool/reuse`: five for each of its connections.
const TASKS: u64 = 50;

/// Reads of each task.
const READS: i64 = 20;

/// Recordings of `pool/reuse` in quick mode: each creates and fills a database, which takes a second on some engines.
const QUICK_RECORDINGS: usize = 3;

/// `pool/acquire`.
pub(super) fn acquire(harness: &mut Harness, fixture: &Fixture<'_>) {
    let scratch = LazyCell::new(|| {
        let scratch = fixture.empty();
        fixture.runtime.block_on(open_all(scratch.database()));
        scratch
    });
    harness.time(&fixture.id("pool/acquire"), None, |bencher| {
        let database = scratch.database();
        bencher.iter_custom(|iterations| fixture.runtime.block_on(take_turns(database, iterations)));
    });
}

/// Opens as many connections as the pool may have, so that none is opened while measuring.
async fn open_all(database: &dyn Database) {
    let leases = join_all((0..database.pool_stats().max).map(|_| database.acquire())).await;
    drop(leases.into_iter().map(expect_ok).collect::<Vec<_>>());
}

async fn take_turns(database: &dyn Database, turns: u64) -> Duration {
    let before = database.pool_stats();
    let start = Instant::now();
    for _ in 0..turns {
        drop(expect_ok(database.acquire().await));
    }
    let time = start.elapsed();
    assert_eq!(database.pool_stats().acquired() - before.acquired(), turns, "the pool counts otherwise");
    time
}

/// `pool/reuse`.
pub(super) fn reuse(harness: &mut Harness, fixture: &Fixture<'_>) {
    let most = if harness.mode() == Mode::Quick { QUICK_RECORDINGS } else { usize::MAX };
    harness.replay(&fixture.id("pool/reuse"), Unit::Percent, |samples| {
        (0..samples.min(most))
            .map(|_| fixture.runtime.block_on(share_of_reuse(&fixture.loaded(1_000))))
            .collect()
    });
}

/// Acquisitions of all tasks.
const WANTED: u64 = TASKS * READS.unsigned_abs();

/// In percent.
async fn share_of_reuse(scratch: &Scratch<'_>) -> f64 {
    let tasks = (0..TASKS).map(|_| {
        let database = scratch.shared();
        tokio::spawn(async move {
            for id in 1..=READS {
                assert!(expect_ok(database.event(id).await).is_some(), "event {id} is missing");
            }
        })
    });
    join_all(tasks).await.into_iter().for_each(expect_ok);
    let stats = scratch.database().pool_stats();
    assert!(stats.size <= stats.max && stats.acquired() >= WANTED, "{stats:?}");
    100.0 * stats.reused as f64 / stats.acquired() as f64
}

/// Rows of the table under `pool/saturation`.
const ROWS: u16 = 1_000;

/// `pool/saturation/<n>`.
pub(super) fn saturation(harness: &mut Harness, fixture: &Fixture<'_>) {
    let tasks = harness.sizes().pool_tasks;
    let scratch = LazyCell::new(|| {
        let scratch = fixture.table(usize::from(ROWS));
        fixture.runtime.block_on(open_all(scratch.database()));
        scratch
    });
    let id = fixture.id(&format!("pool/saturation/{tasks}"));
    harness.time_slow(&id, Some(Throughput::Elements(tasks as u64)), |bencher| {
        let scratch = &**scratch;
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| fixture.runtime.block_on(serve_all(scratch, tasks))).sum()
        });
    });
}

/// The time until each of `tasks` that begin at once has had a connection and its answer.
async fn serve_all(scratch: &Scratch<'_>, tasks: usize) -> Duration {
    let ids: Vec<i64> = (1..=i64::from(ROWS)).cycle().take(tasks).collect();
    let start = Instant::now();
    let served = join_all(ids.iter().map(|id| serve(scratch.shared(), *id))).await;
    let time = start.elapsed();
    let found = served.into_iter().map(|event| expect_ok(expect_ok(event)).map(|event| event.id));
    assert!(found.eq(ids.into_iter().map(Some)), "a task was not served, or by another's event");
    check_limit(scratch.database().pool_stats());
    time
}

fn serve(database: Arc<dyn Database>, id: i64) -> JoinHandle<Result<Option<Event>, Error>> {
    tokio::spawn(async move { database.event(id).await })
}

fn check_limit(stats: PoolStats) {
    assert!(stats.size <= stats.max, "more connections than the pool may have: {stats:?}");
}
