//! What a bench that is killed leaves on a server of the user's is found by the next, and only that.

use backend_bench::backend::database::{Database, PoolOptions, Postgres};
use backend_bench::bench::services::postgres::{Namespace, PostgresSources, VARIABLE, start_from};

use crate::common::{ephemeral, eventually, number, run};
use crate::killed_bench::{self, Bench};

#[tokio::test]
#[ignore = "not a test: the process that other tests start and kill"]
async fn bench_that_is_killed() {
    if !killed_bench::is_this() {
        return;
    }
    let url = std::env::var(VARIABLE).unwrap();
    let namespace = Namespace::claim(&url).await.unwrap();
    migrated(&url, namespace.name()).await.close().await.unwrap();
    killed_bench::wait_to_be_killed();
}

/// How many schemas there are after what the next bench does first.
async fn left_by_the_next(url: &str) -> i64 {
    start_from(&PostgresSources { url: Some(url.to_owned()), ..PostgresSources::of_this_machine() }).unwrap();
    number(url, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'backend\\_bench\\_%'").await
}

/// Until the server has noticed that a process is gone.
async fn until_left(url: &str, left: i64) {
    eventually("the schema of the killed bench to be removed", async || left_by_the_next(url).await == left)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_a_killed_bench_is_removed_and_that_of_a_living_one_is_not() {
    let service = ephemeral();
    let [killed, living] = [(); 2].map(|()| Bench::on(VARIABLE, service.url()));
    assert_eq!(left_by_the_next(service.url()).await, 2);
    drop(killed);
    until_left(service.url(), 1).await;
    assert_eq!(left_by_the_next(service.url()).await, 1, "the living bench lost its schema");
    drop(living);
    until_left(service.url(), 0).await;
}

/// A schema of ours by name and marker.
async fn migrated(url: &str, name: &str) -> Postgres {
    let database = Postgres::open(url, name, PoolOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    database
}

/// Three schemas that are not for benches to remove.
async fn make_others(url: &str) {
    let foreign = "backend_bench_0123456789abcdef";
    run(url, &format!("CREATE SCHEMA {foreign}; CREATE TABLE {foreign}.events ()")).await;
    for name in ["backend_bench_00000000000000aa", "backend_bench_of_mine"] {
        migrated(url, name).await.close().await.unwrap();
    }
    run(url, "CREATE TABLE backend_bench_00000000000000aa.notes ()").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_or_not_ours_stays() {
    let service = ephemeral();
    let url = service.url();
    make_others(url).await;
    // Without a lock, as where the connection that held it was lost, but with connections.
    let connected = migrated(url, "backend_bench_00000000000000bb").await;
    assert_eq!(left_by_the_next(url).await, 4);
    connected.close().await.unwrap();
    until_left(url, 3).await;
}
