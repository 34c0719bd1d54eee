//! On a cluster: replicated tables behind a distributed one, made and removed on all nodes.

use backend_bench::backend::database::{ClickHouse, Database, Error, PoolOptions, corpus};

use crate::servers::{Server, start_cluster};
use crate::{corpus_of, fresh_name};

async fn open(server: &Server, name: &str) -> ClickHouse {
    let options = PoolOptions::default();
    ClickHouse::open_on_cluster(&server.url(), name, "bench_cluster", options).await.unwrap()
}

/// One test for all of it, since its servers take a while to start.
#[tokio::test]
async fn a_cluster_keeps_what_one_server_keeps() {
    let (_keeper, server) = start_cluster().await;
    let name = fresh_name();
    let database = open(&server, &name).await;
    database.migrate().await.unwrap();
    tables_are_replicated_and_distributed(&server, &name).await;
    events_are_stored_and_read(&database).await;
    a_cleared_table_takes_the_same_events_again(&database).await;
    a_removed_database_leaves_its_paths_free(&server, &database, &name).await;
}

async fn tables_are_replicated_and_distributed(server: &Server, name: &str) {
    let engines = format!("SELECT name, engine FROM system.tables WHERE database = '{name}' ORDER BY name");
    let expected = "backend_bench_marker\tReplicatedMergeTree\n\
                    events\tDistributed\n\
                    events_of_shard\tReplicatedMergeTree";
    assert_eq!(server.run(&engines).await, expected);
}

async fn events_are_stored_and_read(database: &ClickHouse) {
    let events = corpus_of(20_000);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_000);
    assert_eq!(database.event(12_345).await.unwrap().as_ref(), Some(&events[12_344]));
    let range = database.events_between(corpus::window(1_000, 500), 100).await.unwrap();
    assert_eq!(range, events[1_000..1_100]);
    let usage = database.usage_between(corpus::window(0, 500)).await.unwrap();
    assert_eq!(usage.iter().map(|model| model.events).sum::<i64>(), 500);
}

/// A replicated table drops a block that it has seen, unless that was removed since.
async fn a_cleared_table_takes_the_same_events_again(database: &ClickHouse) {
    database.clear_events().await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 0);
    database.insert_events(&corpus_of(20_000)).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_000);
}

async fn a_removed_database_leaves_its_paths_free(server: &Server, database: &ClickHouse, name: &str) {
    database.remove_database().await.unwrap();
    let error = database.count_events().await.unwrap_err();
    assert!(matches!(error, Error::Schema { .. }), "{error}");
    let again = open(server, name).await;
    again.migrate().await.unwrap();
    again.migrate().await.unwrap();
    assert_eq!(again.count_events().await.unwrap(), 0);
}
