//! On a cluster: replicated tables behind a distributed one, made, emptied and removed on all nodes.

use backend_bench::backend::database::{ClickHouse, Database, Error, PoolOptions, corpus};
use backend_bench::bench::services::clickhouse::{CLUSTER_VARIABLE, Sources, VARIABLE, start_from};
use backend_bench::bench::services::{Service, StartError};

use crate::keeper::{CLUSTER, start_cluster};
use crate::servers::Server;
use crate::{corpus_of, fresh_name};

async fn open(server: &Server, name: &str) -> ClickHouse {
    ClickHouse::open_on_cluster(&server.url, name, CLUSTER, PoolOptions::default()).await.unwrap()
}

/// One test for all of it, since its servers take a while to start.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_keeps_what_one_server_keeps() {
    let (_keeper, server) = start_cluster().await;
    let name = fresh_name();
    let database = open(&server, &name).await;
    database.migrate().await.unwrap();
    tables_are_made_on_every_node(&server, &name).await;
    events_are_stored_and_read(&server, &database, &name).await;
    a_removed_database_leaves_its_paths_free(&server, &database, &name).await;
    the_variables_are_heeded(&server).await;
}

async fn tables_are_made_on_every_node(server: &Server, name: &str) {
    let engines = format!("SELECT name, engine FROM system.tables WHERE database = '{name}' ORDER BY name");
    let expected = "backend_bench_marker\tReplicatedMergeTree\n\
                    events\tDistributed\n\
                    events_of_shard\tReplicatedMergeTree";
    assert_eq!(server.run(&engines).await, expected);
    assert_eq!(statements(server, name, "CREATE").await, 4);
    rows_are_spread_and_copied(server, name).await;
}

async fn rows_are_spread_and_copied(server: &Server, name: &str) {
    let made = server.run(&format!("SHOW CREATE TABLE {name}.events")).await;
    let shards = format!("Distributed({CLUSTER}, {name}, events_of_shard, id)");
    assert!(made.replace('`', "").contains(&shards), "{made}");
    let paths = format!(
        "SELECT zookeeper_path, replica_name FROM system.replicas WHERE database = '{name}' ORDER BY zookeeper_path"
    );
    let below = format!("/clickhouse/backend_bench/{name}");
    assert_eq!(server.run(&paths).await, format!("{below}/1/events\tone\n{below}/marker\t1-one"));
}

/// How many statements of this kind went through the cluster's own queue.
async fn statements(server: &Server, name: &str, kind: &str) -> usize {
    let queue = "SELECT value FROM system.zookeeper WHERE path = '/clickhouse/task_queue/ddl'";
    let queue = server.run(queue).await.replace('`', "");
    let ours = |line: &&str| {
        line.contains(kind) && line.contains(name) && line.contains(&format!("ON CLUSTER {CLUSTER}"))
    };
    queue.lines().filter(ours).count()
}

async fn events_are_stored_and_read(server: &Server, database: &ClickHouse, name: &str) {
    let events = corpus_of(20_000);
    // Twice the same: a replicated table drops a block that it has seen, unless that was removed since.
    for _ in 0..2 {
        database.insert_events(&events).await.unwrap();
        assert_eq!(server.run(&format!("SELECT count() FROM {name}.events_of_shard")).await, "20000");
        assert_eq!(database.event(12_345).await.unwrap().as_ref(), Some(&events[12_344]));
        let range = database.events_between(corpus::window(1_000, 500), 100).await.unwrap();
        assert_eq!(range, events[1_000..1_100]);
        let usage = database.usage_between(corpus::window(0, 500)).await.unwrap();
        assert_eq!(usage.iter().map(|model| model.events).sum::<i64>(), 500);
        database.clear_events().await.unwrap();
        assert_eq!(database.count_events().await.unwrap(), 0);
    }
    assert_eq!(statements(server, name, "DROP PARTITION").await, 2);
    many_parts_are_removed_at_once(database).await;
}

/// 18.16 waits for itself where a table is truncated some of whose parts were just merged.
async fn many_parts_are_removed_at_once(database: &ClickHouse) {
    let events = corpus_of(2_000);
    for _ in 0..4 {
        database.insert_events(&events[..1_000]).await.unwrap();
        for batch in events[1_000..].chunks(100) {
            database.insert_events(batch).await.unwrap();
        }
        assert_eq!(database.count_events().await.unwrap(), 2_000);
        database.clear_events().await.unwrap();
        assert_eq!(database.count_events().await.unwrap(), 0);
    }
}

async fn a_removed_database_leaves_its_paths_free(server: &Server, database: &ClickHouse, name: &str) {
    database.insert_events(&corpus_of(10)).await.unwrap();
    database.remove_database().await.unwrap();
    assert_eq!(statements(server, name, "DROP DATABASE").await, 1);
    assert!(matches!(database.count_events().await, Err(Error::Schema { .. })));
    let again = open(server, name).await;
    again.migrate().await.unwrap();
    again.migrate().await.unwrap();
    assert_eq!(again.count_events().await.unwrap(), 0);
}

fn started(url: Option<&str>, cluster: &str) -> Result<Service, StartError> {
    let (url, cluster) = (url.map(ToOwned::to_owned), Some(cluster.to_owned()));
    start_from(&Sources { url, cluster, ..Sources::of_this_machine() })
}

/// What the benches do with `CLICKHOUSE_URL` and `CLICKHOUSE_CLUSTER`.
async fn the_variables_are_heeded(server: &Server) {
    let facts = started(Some(&server.url), CLUSTER).unwrap().facts().clone();
    assert_eq!(facts.settings, [format!("cluster {CLUSTER}: shards 1, replicas 1")]);
    assert!(facts.major.ends_with(" on a cluster"), "{facts:?}");
    for wrong in ["no_such_cluster", "a cluster'; DROP TABLE x"] {
        let error = started(Some(&server.url), wrong).unwrap_err().to_string();
        assert!(error.contains(wrong) || error.contains("no name of a cluster"), "{error}");
        assert!(error.contains(CLUSTER_VARIABLE) && error.contains("system.clusters"), "{error}");
        assert!(!error.contains("ecret"), "{error}");
    }
    let options = PoolOptions::default();
    let error = ClickHouse::open_on_cluster(&server.url, "test", "no_such", options).await.unwrap_err();
    assert!(error.to_string().contains("knows no cluster `no_such`"), "{error}");
}

#[test]
fn a_cluster_without_a_server_is_refused() {
    let error = started(None, CLUSTER).unwrap_err().to_string();
    assert!(
        error.contains(CLUSTER) && error.contains(&format!("set {VARIABLE} to one of its servers")),
        "{error}"
    );
}
