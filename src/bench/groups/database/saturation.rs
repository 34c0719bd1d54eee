//! More tasks than a pool has connections.

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::pool::open_all;
use super::scratch::{Scratch, answer};
use super::stage::Stage;
use crate::backend::database::{Database, Error, Event, PoolStats};
use crate::bench::Harness;

/// Rows of the table.
const ROWS: u16 = 1_000;

/// `pool/saturation/<n>`.
pub(super) fn saturation(harness: &mut Harness, stage: &Stage<'_>) {
    let tasks = harness.sizes().pool_tasks;
    let scratch = LazyCell::new(|| {
        let scratch = stage.table(usize::from(ROWS));
        stage.runtime.block_on(open_all(scratch.database()));
        scratch
    });
    let id = stage.id(&format!("pool/saturation/{tasks}"));
    harness.time_slow(&id, Some(Throughput::Elements(tasks as u64)), |bencher| {
        let scratch = &**scratch;
        bencher.iter_custom(|iterations| {
            (0..iterations).map(|_| stage.runtime.block_on(serve_all(scratch, tasks))).sum()
        });
    });
}

/// The time until each of `tasks` that begin at once has had a connection and its answer.
async fn serve_all(scratch: &Scratch<'_>, tasks: usize) -> Duration {
    let ids: Vec<i64> = (1..=i64::from(ROWS)).cycle().take(tasks).collect();
    let start = Instant::now();
    let served = join_all(ids.iter().map(|id| serve(scratch.shared(), *id))).await;
    let time = start.elapsed();
    let found = served.into_iter().map(|event| answer(answer(event)).map(|event| event.id));
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
