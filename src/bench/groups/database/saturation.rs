//! More tasks than a pool has connections.

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::join_all;

use super::pool::open_all;
use super::scratch::{Scratch, answer};
use super::stage::Stage;
use crate::bench::Harness;

/// Rows of the table.
const ROWS: usize = 1_000;

/// `pool/saturation/<n>`.
pub(super) fn saturation(harness: &mut Harness, stage: &Stage<'_>) {
    let tasks = harness.sizes().pool_tasks;
    let scratch = LazyCell::new(|| {
        let scratch = stage.table(ROWS);
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
    let start = Instant::now();
    let ids = (1..=i64::try_from(ROWS).unwrap_or(i64::MAX)).cycle().take(tasks);
    let tasks = ids.clone().map(|id| {
        let database = scratch.shared();
        tokio::spawn(async move { database.event(id).await })
    });
    let served = join_all(tasks.collect::<Vec<_>>()).await;
    let time = start.elapsed();
    for (id, event) in ids.zip(served) {
        assert_eq!(answer(answer(event)).map(|event| event.id), Some(id), "a task was not served");
    }
    let stats = scratch.database().pool_stats();
    assert!(stats.size <= stats.max, "more connections than the pool may have: {stats:?}");
    time
}
