//! The pool itself.

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::scratch::{Scratch, answer};
use super::stage::Stage;
use crate::backend::database::Database;
use crate::bench::{Harness, Mode, Unit};

/// Tasks that share a pool in `pool/reuse`: five for each of its connections.
const TASKS: u64 = 50;

/// Reads of each task.
const READS: i64 = 20;

/// Recordings of `pool/reuse` in quick mode: each creates and fills a database, which takes a second on some engines.
const QUICK_RECORDINGS: usize = 3;

/// `pool/acquire`.
pub(super) fn acquire(harness: &mut Harness, stage: &Stage<'_>) {
    let scratch = LazyCell::new(|| {
        let scratch = stage.empty();
        stage.runtime.block_on(open_all(scratch.database()));
        scratch
    });
    harness.time(&stage.id("pool/acquire"), None, |bencher| {
        let database = scratch.database();
        bencher.iter_custom(|iterations| stage.runtime.block_on(take_turns(database, iterations)));
    });
}

/// Opens as many connections as the pool may have, so that none is opened while measuring.
pub(super) async fn open_all(database: &dyn Database) {
    let leases = join_all((0..database.pool_stats().max).map(|_| database.acquire())).await;
    drop(leases.into_iter().map(answer).collect::<Vec<_>>());
}

async fn take_turns(database: &dyn Database, turns: u64) -> Duration {
    let before = database.pool_stats();
    let start = Instant::now();
    for _ in 0..turns {
        drop(answer(database.acquire().await));
    }
    let time = start.elapsed();
    assert_eq!(database.pool_stats().acquired() - before.acquired(), turns, "the pool counts otherwise");
    time
}

/// `pool/reuse`.
pub(super) fn reuse(harness: &mut Harness, stage: &Stage<'_>) {
    let most = if harness.mode() == Mode::Quick { QUICK_RECORDINGS } else { usize::MAX };
    harness.replay(&stage.id("pool/reuse"), Unit::Percent, |samples| {
        (0..samples.min(most)).map(|_| stage.runtime.block_on(share_of_reuse(&stage.loaded(1_000)))).collect()
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
                assert!(answer(database.event(id).await).is_some(), "event {id} is missing");
            }
        })
    });
    join_all(tasks).await.into_iter().for_each(answer);
    let stats = scratch.database().pool_stats();
    assert!(stats.size <= stats.max && stats.acquired() >= WANTED, "{stats:?}");
    100.0 * stats.reused as f64 / stats.acquired() as f64
}
