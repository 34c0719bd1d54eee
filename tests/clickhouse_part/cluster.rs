//! A cluster: the engine parses the statements, and the variables and names are checked. No cluster is run.

use backend_bench::backend::database::{ClickHouse, PoolOptions};
use backend_bench::bench::services::clickhouse::{CLUSTER_VARIABLE, ClickHouseSources, VARIABLE, start_from};

use crate::servers::Server;
use crate::shared_server;

/// The statement as the engine's parser writes it.
async fn parsed(server: &Server, statement: &str) -> Result<String, String> {
    let text = statement.replace('\\', "\\\\").replace('\'', "\\'");
    let (status, answer) = server
        .run_with("default_format=LineAsString", &format!("SELECT formatQuerySingleLine('{text}')"))
        .await;
    if status.is_success() { Ok(answer) } else { Err(answer) }
}

#[tokio::test]
async fn the_engine_parses_every_statement_of_a_cluster() {
    let server = shared_server().await;
    let statements = ClickHouse::statements("operations", Some("my-cluster")).unwrap();
    assert_eq!(statements.len(), 6);
    for statement in &statements {
        let parsed = parsed(&server, statement).await.unwrap().replace('`', "");
        assert!(parsed.contains("ON CLUSTER my-cluster"), "{parsed}");
        assert!(parsed.contains("operations"), "{parsed}");
    }
    let all = statements.join("\n");
    for text in [
        "ReplicatedMergeTree('/clickhouse/backend_bench/operations/marker', '{shard}-{replica}')",
        "ReplicatedMergeTree('/clickhouse/backend_bench/operations/{shard}/events', '{replica}')",
        "Distributed(`my-cluster`, `operations`, `events_of_shard`, id)",
        "TRUNCATE TABLE `operations`.`events_of_shard`",
    ] {
        assert!(all.contains(text), "no {text:?} in:\n{all}");
    }
}

#[tokio::test]
async fn the_engine_refuses_what_is_no_statement() {
    let server = shared_server().await;
    let error = parsed(&server, "CREATE TABEL a ON CLUSTER b").await.unwrap_err();
    assert!(error.contains("Code: 62"), "{error}");
}

#[tokio::test]
async fn a_cluster_that_the_server_does_not_know_is_refused() {
    let server = shared_server().await;
    let open = |cluster| ClickHouse::open_on_cluster(&server.url, "test", cluster, PoolOptions::default());
    let unknown = open("nowhere").await.unwrap_err().to_string();
    assert!(
        unknown.contains("knows no cluster `nowhere`") && unknown.contains("remote_servers"),
        "{unknown}"
    );
    let unusable = open("no'where").await.unwrap_err().to_string();
    assert!(unusable.contains("cluster `no'where`") && unusable.contains("system.clusters"), "{unusable}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benches_check_the_variables() {
    let server = shared_server().await;
    for (url, cluster, reason) in [
        (Some(server.url.clone()), "nowhere", "knows no cluster"),
        (Some(server.url.clone()), "a cluster'; DROP TABLE x", "its name cannot be used"),
        (None, "events", &*format!("set {VARIABLE} to one of its servers")),
    ] {
        let sources = ClickHouseSources {
            url,
            cluster: Some(cluster.to_owned()),
            ..ClickHouseSources::of_this_machine()
        };
        let error = start_from(&sources).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains(cluster), "{error}");
        assert!(error.contains(CLUSTER_VARIABLE) && !error.contains("ecret"), "{error}");
    }
}
