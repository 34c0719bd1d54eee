//! Connections that break, and servers that go down in the middle of something.

use std::sync::Arc;
use std::time::Duration;

use backend_bench::backend::database::{Conversations, Database, Error, PoolOptions, Postgres};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{ephemeral, events, number, run};

/// Ends the connections of every pool on the server, as an administrator or a restart does.
async fn end_connections(url: &str) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'backend-bench %'";
    run(url, end).await;
}

/// A migrated database with `events(100)`, all of whose connections are open and idle.
async fn busy(url: &str) -> Arc<Postgres> {
    let database = Arc::new(Postgres::open(url, "busy", PoolOptions::default()).await.unwrap());
    database.migrate().await.unwrap();
    database.insert_events(&events(100)).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(database.acquire().await.unwrap());
    }
    drop(held);
    while database.pool_stats().idle < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    database
}

#[tokio::test]
async fn the_pool_replaces_connections_that_broke_while_idle() {
    let service = ephemeral();
    let database = busy(service.url()).await;
    for round in 0..3 {
        end_connections(service.url()).await;
        assert_eq!(database.count_events().await.unwrap(), 100);
        database.create_thread(&round.to_string()).await.unwrap();
    }
    end_connections(service.url()).await;
    database.insert_events(&events(5_000)[100..]).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 5_000);
    assert_eq!(database.threads(10).await.unwrap().len(), 3);
}

/// The server's process that a COPY runs in.
async fn copying(url: &str) -> Pid {
    let ask = "SELECT coalesce(max(pid), 0)::bigint FROM pg_stat_activity WHERE query LIKE 'COPY events%' \
               AND state = 'active'";
    loop {
        if let Some(pid) = Pid::from_raw(i32::try_from(number(url, ask).await).unwrap()) {
            return pid;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_of_an_insert_keeps_nothing_of_it() {
    let service = ephemeral();
    let database = busy(service.url()).await;
    let insert = {
        let database = Arc::clone(&database);
        tokio::spawn(async move { database.insert_events(&events(400_000)[100..]).await })
    };
    // Upon which the server ends every process, and recovers from its log.
    kill_process(copying(service.url()).await, Signal::KILL).unwrap();
    let error = insert.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Lost { .. }) && error.to_string().contains("not known"), "{error}");
    goes_on(&database, 250).await;
}

/// The first hundred events are there and no others, and more can be stored.
async fn goes_on(database: &Postgres, up_to: usize) {
    assert_eq!(database.count_events().await.unwrap(), 100);
    database.insert_events(&events(up_to)[100..]).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), up_to as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_takes_too_long_stores_nothing_and_the_pool_goes_on() {
    let service = ephemeral();
    let busy = busy(service.url()).await;
    let options = PoolOptions { query_timeout: Duration::from_millis(300), ..PoolOptions::default() };
    let database = Postgres::open(service.url(), busy.schema(), options).await.unwrap();
    let error = database.insert_events(&events(600_000)[100..]).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(busy.count_events().await.unwrap(), 100);
    goes_on(&database, 150).await;
}
