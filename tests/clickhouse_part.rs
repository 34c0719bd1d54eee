//! What ClickHouse promises as a database, on the engine that `scripts/engines.sh` fetches. Without it these tests fail.

#[path = "clickhouse_part/abandoned.rs"]
mod abandoned;
#[path = "clickhouse_part/cluster.rs"]
mod cluster;
#[path = "clickhouse_part/disk_full.rs"]
mod disk_full;
#[path = "clickhouse_part/events.rs"]
mod events;
#[path = "clickhouse_part/faults.rs"]
mod faults;
#[path = "common/killed_bench.rs"]
mod killed_bench;
#[path = "clickhouse_part/opening.rs"]
mod opening;
#[path = "clickhouse_part/ownership.rs"]
mod ownership;
#[path = "clickhouse_part/pool.rs"]
mod pool;
#[path = "clickhouse_part/proxy.rs"]
mod proxy;
#[path = "clickhouse_part/servers.rs"]
mod servers;
#[path = "common/small_disk.rs"]
mod small_disk;
#[path = "common/tethered.rs"]
mod tethered;

use std::sync::atomic::{AtomicU32, Ordering};

use backend_bench::backend::database::{ClickHouse, Corpus, Database, Event, PoolOptions};
use proxy::Proxy;
use servers::{Server, shared_server};

/// A migrated database of its own.
async fn database(server: &Server, options: PoolOptions) -> ClickHouse {
    let database = ClickHouse::open(&server.url, &fresh_name(), options).await.unwrap();
    database.migrate().await.unwrap();
    database
}

/// A migrated database with the first events of the corpus.
async fn loaded(server: &Server, count: usize) -> ClickHouse {
    let database = database(server, PoolOptions::default()).await;
    database.insert_events(&corpus_of(count)).await.unwrap();
    database
}

/// An empty migrated database, through a proxy.
async fn behind_proxy(server: &Server, options: PoolOptions) -> (Proxy, ClickHouse) {
    let proxy = Proxy::to(server.port()).await;
    let database = ClickHouse::open(&server.url_through(proxy.port), &fresh_name(), options).await.unwrap();
    database.migrate().await.unwrap();
    (proxy, database)
}

/// A database's name that no other test has.
fn fresh_name() -> String {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", TAKEN.fetch_add(1, Ordering::Relaxed))
}

fn corpus_of(count: usize) -> Vec<Event> {
    Corpus::new(11).take(count).collect()
}
