//! The limit of the pool and what it counts.

use std::sync::Arc;
use std::time::Duration;

use backend_bench::backend::database::{ClickHouse, Database, Error, PoolOptions};
use futures_util::future::join_all;

use crate::proxy::Proxy;
use crate::{corpus_of, database, fresh_name, shared_server};

fn connections(connections: u32) -> PoolOptions {
    PoolOptions { connections, ..PoolOptions::default() }
}

#[tokio::test]
async fn a_full_pool_gives_up_in_time_and_says_how_large_it_is() {
    let server = shared_server().await;
    let options = PoolOptions { acquire_timeout: Duration::from_millis(50), ..connections(2) };
    let database = database(&server, options).await;
    let held = (database.acquire().await.unwrap(), database.acquire().await.unwrap());
    assert_eq!((database.pool_stats().size, database.pool_stats().idle), (2, 0));
    let error = database.count_events().await.unwrap_err();
    assert!(matches!(error, Error::PoolTimeout { connections: 2, .. }), "{error}");
    assert!(error.to_string().contains("raise `connections`"), "{error}");
    drop(held);
    let stats = database.pool_stats();
    assert_eq!(stats.size, stats.idle, "a connection is still in use");
    assert_eq!(database.count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn the_pool_counts_what_it_opened_and_what_it_reused() {
    let server = shared_server().await;
    let database = database(&server, connections(3)).await;
    let before = database.pool_stats();
    for _ in 0..10 {
        database.count_events().await.unwrap();
    }
    let after = database.pool_stats();
    assert_eq!((after.max, after.acquired() - before.acquired()), (3, 10));
    assert!(after.reuse_since(&before).unwrap() > 0.8, "{after:?}");
    assert_eq!(after.reuse_since(&after), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_few_connections() {
    let server = shared_server().await;
    let proxy = Proxy::to(server.port()).await;
    let url = server.url_through(proxy.port);
    let database = Arc::new(ClickHouse::open(&url, &fresh_name(), connections(4)).await.unwrap());
    database.migrate().await.unwrap();
    database.insert_events(&corpus_of(200)).await.unwrap();
    let lookup = |id| {
        let database = Arc::clone(&database);
        tokio::spawn(async move { database.event(id).await.unwrap().map(|event| event.id) })
    };
    let found = join_all((1..=200).map(lookup)).await;
    assert!(found.into_iter().zip(1..).all(|(found, id)| found.unwrap() == Some(id)));
    // One more asked for the version when the database was opened.
    assert!(proxy.connections() <= 5, "{} connections were opened", proxy.connections());
}

#[tokio::test]
async fn a_closed_pool_serves_no_request() {
    let server = shared_server().await;
    let database = database(&server, connections(2)).await;
    database.close().await.unwrap();
    let errors = [
        database.acquire().await.map(drop).unwrap_err(),
        database.count_events().await.map(drop).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.to_string().contains("its pool is closed")), "{errors:?}");
}
