//! Servers that hang, go away and come back.

use std::time::Duration;

use backend_bench::backend::database::{ClickHouse, Database, Error, PoolOptions};

use crate::proxy::Proxy;
use crate::servers::Server;
use crate::{behind_proxy, corpus_of, shared_server};

/// A migrated database with ten events, through a proxy.
async fn loaded_behind_proxy(server: &Server, options: PoolOptions) -> (Proxy, ClickHouse) {
    let (proxy, database) = behind_proxy(server, options).await;
    database.insert_events(&corpus_of(10)).await.unwrap();
    (proxy, database)
}

#[tokio::test]
async fn a_read_whose_connection_is_lost_is_repeated() {
    let server = shared_server().await;
    let (proxy, database) = loaded_behind_proxy(&server, PoolOptions::default()).await;
    for cuts in 1..=3 {
        proxy.cut_after(1);
        assert_eq!(database.count_events().await.unwrap(), 10);
        assert_eq!(proxy.cuts(), cuts);
    }
}

#[tokio::test]
async fn a_write_whose_connection_is_lost_is_not_repeated() {
    let server = shared_server().await;
    let (proxy, database) = loaded_behind_proxy(&server, PoolOptions::default()).await;
    proxy.cut_after(1);
    let error = database.clear_events().await.unwrap_err();
    assert!(matches!(error, Error::Lost { operation: "clearing events", .. }), "{error}");
    assert_eq!((proxy.cuts(), database.count_events().await.unwrap()), (1, 10));
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_named() {
    let server = shared_server().await;
    let options = PoolOptions { query_timeout: Duration::from_millis(1_500), ..PoolOptions::default() };
    let (proxy, database) = loaded_behind_proxy(&server, options).await;
    proxy.hang();
    let error = database.count_events().await.unwrap_err();
    proxy.resume();
    assert!(matches!(error, Error::Timeout { operation: "counting events", .. }), "{error}");
    assert_eq!(database.count_events().await.unwrap(), 10);
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_an_insert_is_an_error_and_the_next_keeps_its_data() {
    let server = Server::start().await;
    let (proxy, database) = loaded_behind_proxy(&server, PoolOptions::default()).await;
    kill_in_an_insert(&server, &proxy, &database).await;
    let gone = database.count_events().await.unwrap_err().to_string();
    assert!(gone.contains("lost the connection") && gone.contains("server runs"), "{gone}");
    let server = server.restart().await;
    keeps_ten_events(&server, database.name()).await;
}

async fn keeps_ten_events(server: &Server, name: &str) {
    let database = ClickHouse::open(&server.url, name, PoolOptions::default()).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 10);
}

async fn kill_in_an_insert(server: &Server, proxy: &Proxy, database: &ClickHouse) {
    proxy.cut_after(1_000_000);
    let events = corpus_of(50_000);
    let (inserted, ()) = tokio::join!(database.insert_events(&events), async {
        proxy.until_cut().await;
        server.kill();
    });
    assert!(matches!(inserted.unwrap_err(), Error::Lost { .. }));
}
