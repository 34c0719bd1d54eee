//! The `database` group: the same benchmarks on each engine, with the engine's name in their ids.
//!
//! - `bulk_insert/<n>`: n events into an empty table, as one call.
//! - `concurrent_reads/<n>`: n range reads at once, through the pool.
//! - `query/{point,range,aggregate}/<rows>`: an event by id, a hundred events of a range of time, the usage of each
//!   model in another, by index, at random places of a table of that many rows. The answers are equally large
//!   whatever the table.
//! - `query/growth`: the time of a lookup in the largest table over that in the smallest, both asked in turn.
//! - `pool/acquire`: taking an idle connection and dropping it. sqlx's pool pings the connection before it hands it
//!   out, and again in a task that returns it.
//! - `pool/reuse`: the share of acquisitions that an open connection served, from a pool's first use on, under
//!   more tasks than it has connections. Counted by the pool's own hooks.
//! - `pool/saturation/<n>`: the time until n tasks that want one of ten connections have all been served.
//! - `mixed/<readers>x<writers>`: tasks that read a table beside tasks that write to it.
//! - `statement/{prepared,cold}`: a lookup whose statement is kept parsed and planned, and one whose is not, where the
//!   engine knows the difference.
//! - `ingest_while_querying/<n>`: n events in batches, while others keep asking for aggregates; analytical engines.
//!
//! An engine starts when its first benchmark runs. One that is not available is recorded ([`MetadataWriter`](crate::bench::MetadataWriter))
//! and skipped, unless `BENCH_REQUIRE` names it; one that was named by a URL, or found, and does not work, ends
//! the group.

mod engines;
mod fixture;
mod pool;
mod reads;
mod writes;

pub use engines::{ClickHouseServer, Engine, Opened, PostgresServer, Running, SqliteFiles};

use crate::bench::services::{clickhouse, postgres};
use crate::bench::{Harness, deployment, harness, services};
use fixture::Fixture;

/// A benchmark, or a few of a kind.
type Measure = fn(&mut Harness, &Fixture<'_>);

/// What is measured on every engine.
const ON_ALL: [Measure; 8] = [
    writes::bulk_insert,
    reads::concurrent_reads,
    reads::query,
    reads::growth,
    pool::acquire,
    pool::reuse,
    pool::saturation,
    writes::mixed,
];

/// Runs every benchmark of the `database` category.
///
/// Ends the process with 2 if `BENCH_REQUIRE` names an unknown engine, or if a URL names another machine without
/// `--target-is-mine`.
pub fn run(harness: &mut Harness) {
    let engines: [&dyn Engine; 3] = [&SqliteFiles, &PostgresServer, &ClickHouseServer];
    services::refuse_unknown_required(&engines.map(Engine::name));
    deployment::refuse_strangers_or_exit(&[postgres::VARIABLE, clickhouse::VARIABLE]);
    for engine in engines {
        measure(harness, engine);
    }
}

/// Runs every benchmark on one engine.
///
/// # Panics
/// The engine is there and does not work, or it is not available and `BENCH_REQUIRE` names it; or it gives a wrong
/// answer.
pub fn measure(harness: &mut Harness, engine: &dyn Engine) {
    let runtime = harness::runtime();
    let fixture = Fixture::new(engine, &runtime, harness.metadata());
    let prepares = Some(reads::statements as Measure).filter(|_| engine.prepares_statements());
    let analytical = Some(writes::ingest_while_querying as Measure).filter(|_| engine.is_analytical());
    for measure in ON_ALL.into_iter().chain(prepares).chain(analytical) {
        if !fixture.is_unavailable() {
            measure(harness, &fixture);
        }
    }
}
