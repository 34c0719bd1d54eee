//! ClickHouse on a bare machine: the engine that `scripts/engines.sh` fetches, served by `chdb-server` and asked by the
//! official client with its defaults.

#[path = "clickhouse_server/end.rs"]
mod end;
#[path = "clickhouse_server/errors.rs"]
mod errors;
#[path = "clickhouse_server/statements.rs"]
mod statements;

use std::path::PathBuf;
use std::sync::OnceLock;

use backend_bench::bench::services::clickhouse::{ClickHouseSources, start_from};
use backend_bench::bench::services::{Service, fetched_folder};
use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

/// What is written and read.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Entry {
    id: u64,
    text: String,
    maybe: Option<u32>,
    many: Vec<f64>,
}

impl Entry {
    fn numbered(id: u64) -> Self {
        let maybe = u32::try_from(id).ok().filter(|id| id % 3 == 0);
        Self { id, text: format!("the text of entry {id}"), maybe, many: vec![0.5; (id % 4) as usize] }
    }

    fn table(name: &str) -> String {
        format!(
            "CREATE TABLE {name} (id UInt64, text String, maybe Nullable(UInt32), many Array(Float64)) \
             ENGINE = MergeTree ORDER BY id"
        )
    }
}

/// The library of `.bench/`, and nothing else that this machine has.
fn library_only() -> ClickHouseSources {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_chdb-server"));
    let fetched = fetched_folder().join("chdb");
    assert!(fetched.exists(), "no {}: run `scripts/engines.sh clickhouse`", fetched.display());
    let programs = vec![program.parent().expect("a folder").to_owned()];
    ClickHouseSources { url: None, cluster: None, path: Vec::new(), fetched, programs }
}

fn started() -> Service {
    start_from(&library_only()).unwrap_or_else(|error| panic!("{error}"))
}

/// The URL of one server for all tests that do not end it. Its supervisor ends it with this process.
fn shared() -> &'static str {
    static SHARED: OnceLock<String> = OnceLock::new();
    SHARED.get_or_init(|| {
        let service = started();
        let url = service.url().to_owned();
        std::mem::forget(service);
        url
    })
}

/// The official client with its defaults, in a database of the test's own.
async fn client(url: &str, database: &str) -> Client {
    let client = plain_client(url);
    client.query(&format!("CREATE DATABASE {database}")).execute().await.expect("a database");
    client.with_database(database)
}

fn plain_client(url: &str) -> Client {
    let url = reqwest::Url::parse(url).expect("a URL");
    let origin = format!("http://{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    Client::default()
        .with_url(origin)
        .with_user(url.username())
        .with_password(url.password().expect("a password"))
}

async fn filled(client: &Client, table: &str, rows: u64) {
    client.query(&Entry::table(table)).execute().await.expect("a table");
    let mut insert = client.insert::<Entry>(table).await.expect("an insert");
    for id in 0..rows {
        insert.write(&Entry::numbered(id)).await.expect("a row");
    }
    insert.end().await.expect("the end of the insert");
}

async fn count(client: &Client, table: &str) -> u64 {
    client.query(&format!("SELECT count() FROM {table}")).fetch_one().await.expect("a count")
}
