//! A full disk: a server whose folder is on a file system of 48 MiB.

use backend_bench::backend::database::{ClickHouse, Database, Error, Event, PoolOptions};

use crate::servers::Server;
use crate::small_disk::SmallDisk;
use crate::{corpus_of, database};

/// Larger than what is free, as a part of the table.
const TOO_MANY: usize = 400_000;

#[tokio::test]
async fn a_full_disk_is_named_every_time_and_keeps_nothing() {
    let Some(small) = SmallDisk::mount(48) else { return };
    fills_up(&Server::start_in(tempfile::tempdir_in(small.path()).unwrap()).await).await;
}

async fn fills_up(server: &Server) {
    let (database, events) = (database(server, PoolOptions::default()).await, corpus_of(TOO_MANY));
    ballast(server).await;
    database.insert_events(&events[..1_000]).await.unwrap();
    // And again while it still is full.
    for _ in 0..3 {
        let error = database.insert_events(&events[1_000..]).await.unwrap_err();
        assert!(matches!(error, Error::Full { .. }) && error.to_string().contains("free some"), "{error}");
        assert_eq!(database.count_events().await.unwrap(), 1_000);
    }
    server.run("DROP TABLE default.ballast").await;
    works_again(&database, &events[..1_000]).await;
}

async fn works_again(database: &ClickHouse, events: &[Event]) {
    database.clear_events().await.unwrap();
    database.insert_events(events).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), events.len() as u64);
}

/// Something that can be taken away again.
async fn ballast(server: &Server) {
    server.run("CREATE TABLE default.ballast (text String) ENGINE = MergeTree ORDER BY tuple()").await;
    let random =
        "arrayStringConcat(arrayMap(each -> reinterpretAsString(rand64(each + number)), range(125)))";
    server.run(&format!("INSERT INTO default.ballast SELECT {random} FROM numbers(20000)")).await;
}
