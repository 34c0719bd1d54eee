//! The `database` group: the same benchmarks on each engine, with the engine's name in their ids.
//!
//! - `bulk_insert/<n>`: n events into an empty table, in one transaction.
//! - `concurrent_reads/<n>`: n range reads at once, through the pool.
//! - `query/<rows>`: an event by id, a range of time and the usage of each model in another, by index, at random
//!   places of a table of that many rows. The answers are equally large whatever the table.
//! - `pool/acquire`: taking an idle connection and dropping it, which hands it to a task that returns it. There is
//!   no ping.
//! - `pool/reuse`: the share of acquisitions that an open connection served, from a pool's first use on, under
//!   more tasks than it has connections. Counted by the pool's own hooks.

mod inserts;
mod pool;
mod reads;
mod scratch;

use tokio::runtime::Runtime;

use crate::bench::{Harness, harness};
use scratch::Scratch;
pub use scratch::{Engine, SqliteFiles};

/// Runs every benchmark of the `database` category.
pub fn run(harness: &mut Harness) {
    measure(harness, &SqliteFiles);
}

/// Runs every benchmark on one engine.
pub fn measure(harness: &mut Harness, engine: &dyn Engine) {
    let runtime = harness::runtime();
    let stage = Stage { engine, runtime: &runtime };
    inserts::bulk_insert(harness, stage);
    reads::concurrent_reads(harness, stage);
    reads::query(harness, stage);
    pool::acquire(harness, stage);
    pool::reuse(harness, stage);
}

/// An engine, and the runtime on which to work with it.
#[derive(Clone, Copy)]
struct Stage<'a> {
    engine: &'a dyn Engine,
    runtime: &'a Runtime,
}

impl<'a> Stage<'a> {
    fn id(self, name: &str) -> String {
        format!("{}/{name}", self.engine.name())
    }

    /// A database that holds the first `rows` events of the corpus.
    fn loaded(self, rows: usize) -> Scratch<'a> {
        Scratch::new(self.engine, self.runtime, rows)
    }
}
