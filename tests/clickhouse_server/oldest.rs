//! Debian's server of 2018, the oldest that works.

use std::net::TcpStream;
use std::path::PathBuf;

use backend_bench::bench::services::clickhouse::{Sources, start_from, start_with_native_port};
use backend_bench::bench::services::{Service, StartError, fetched_folder};
use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

use super::plain_client;

#[derive(Debug, PartialEq, Row, Serialize, Deserialize)]
struct Event {
    id: u64,
    text: String,
}

fn sources() -> Sources {
    Sources {
        url: None,
        cluster: None,
        path: ["/usr/sbin", "/usr/bin"].map(PathBuf::from).to_vec(),
        fetched: PathBuf::from("/nowhere"),
        programs: Vec::new(),
    }
}

fn oldest() -> Service {
    let service = start_from(&sources())
        .unwrap_or_else(|error| panic!("scripts/engines.sh --oldest-clickhouse: {error}"));
    assert_eq!(
        service.facts().major,
        "18.16",
        "another server than the oldest was found: {:?}",
        service.facts()
    );
    service
}

async fn insert(client: &Client) {
    let create = "CREATE TABLE t (id UInt64, text String) ENGINE = MergeTree ORDER BY id";
    client.query(create).execute().await.expect("a table");
    let mut insert = client.insert::<Event>("t").await.expect("an insert");
    for id in 0..50_000 {
        insert.write(&Event { id, text: id.to_string() }).await.expect("a row");
    }
    insert.end().await.expect("the end of the insert");
}

#[tokio::test]
async fn the_oldest_server_starts_and_works_without_validation() {
    let service = oldest();
    let client = plain_client(service.url()).with_validation(false);
    insert(&client).await;
    let count: u64 = client.query("SELECT count() FROM t").fetch_one().await.expect("a count");
    let last = client.query("SELECT ?fields FROM t WHERE id = ?").bind(49_999);
    let last: Event = last.fetch_one().await.expect("a row");
    assert_eq!((count, last), (50_000, Event { id: 49_999, text: "49999".to_owned() }));
}

#[test]
fn a_port_of_its_own_protocol_is_opened_where_it_is_asked_for() {
    let (service, port) = start_with_native_port(&sources()).expect("scripts/engines.sh --oldest-clickhouse");
    assert_eq!(service.facts().major, "18.16");
    TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    drop(service);
    TcpStream::connect(("127.0.0.1", port)).expect_err("it has ended");
}

#[test]
fn the_library_has_no_port_of_that_protocol() {
    let library = Sources { path: Vec::new(), fetched: fetched_folder().join("chdb"), ..sources() };
    let error = start_with_native_port(&library).expect_err("no server is among these sources");
    assert!(matches!(error, StartError::NotRun { .. }), "{error}");
}
