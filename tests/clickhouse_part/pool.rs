//! The limit of the pool and what it counts.

use std::sync::Arc;
use std::time::Duration;

use backend_bench::backend::database::{Database, Error, PoolOptions};
use futures_util::future::join_all;

use crate::{behind_proxy, database, shared_server};

fn connections(connections: u32) -> PoolOptions {
    PoolOptions { connections, ..PoolOptions::default() }
}

#[tokio::test]
async fn a_full_pool_gives_up_in_time_and_says_how_large_it_is() {
    let server = shared_server().await;
    let options = PoolOptions { acquire_timeout: Duration::from_millis(50), ..connections(2) };
    let database = database(&server, options).await;
    let _held = [database.acquire().await.unwrap(), database.acquire().await.unwrap()];
    let error = database.count_events().await.unwrap_err();
    assert!(matches!(error, Error::PoolTimeout { connections: 2, .. }), "{error}");
    assert!(error.to_string().contains("raise `connections`"), "{error}");
}

#[tokio::test]
async fn a_lease_is_in_use_until_it_is_dropped() {
    let server = shared_server().await;
    let database = database(&server, connections(2)).await;
    let in_use = || database.pool_stats().size - database.pool_stats().idle;
    let held = [database.acquire().await.unwrap(), database.acquire().await.unwrap()];
    assert_eq!(in_use(), 2);
    drop(held);
    assert_eq!((in_use(), database.count_events().await.unwrap()), (0, 0));
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
    let (proxy, database) = behind_proxy(&server, connections(4)).await;
    let database = Arc::new(database);
    let count = || {
        let database = Arc::clone(&database);
        tokio::spawn(async move { database.count_events().await.unwrap() })
    };
    let counts = join_all((0..200).map(|_| count())).await;
    assert!(counts.into_iter().all(|count| count.unwrap() == 0));
    // The HTTP client may open one more while another is on its way back.
    assert!(proxy.connections() < 20, "{} connections were opened", proxy.connections());
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
