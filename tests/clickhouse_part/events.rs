//! Writing and reading events.

use std::collections::BTreeMap;
use std::time::Duration;

use backend_bench::backend::database::{ClickHouse, Database, Error, Event, PoolOptions, corpus};

use crate::servers::Server;
use crate::{behind_proxy, corpus_of, database, fresh_name, loaded, shared_server};

/// The usage, added up by hand.
fn added_up(events: &[Event]) -> BTreeMap<String, (i64, f64, i64, f64)> {
    let mut models = BTreeMap::new();
    for event in events {
        let (count, latency, tokens, cost) = models.entry(event.model.clone()).or_insert((0, 0.0, 0, 0.0));
        *count += 1;
        *latency += event.latency_ms;
        *tokens += event.input_tokens + event.output_tokens;
        *cost += event.cost_usd;
    }
    models
}

#[tokio::test]
async fn a_bulk_insert_stores_every_field_of_every_event() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    let events = corpus_of(4_321);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 4_321);
    assert_eq!(database.events_between(0..i64::MAX, 10_000).await.unwrap(), events);
}

#[tokio::test]
async fn a_cleared_database_is_empty_and_takes_no_events_too() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    database.clear_events().await.unwrap();
    database.insert_events(&[]).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn text_of_any_kind_comes_back_as_it_was() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    let mut event = corpus_of(1).remove(0);
    event.workload = "it's \"quoted\" `\\` ?".to_owned();
    event.payload = "{\"a\":\"line\\nline\0Ünïcode 🦀\"}\n\t?fields".to_owned();
    (event.id, event.cost_usd) = (i64::MAX, f64::MIN_POSITIVE);
    database.insert_events(std::slice::from_ref(&event)).await.unwrap();
    assert_eq!(database.event(i64::MAX).await.unwrap(), Some(event));
}

#[tokio::test]
async fn a_loaded_corpus_is_the_corpus() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    corpus::load(&database, 11, 20_500).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_500);
    assert_eq!(database.event(20_500).await.unwrap().unwrap(), corpus_of(20_500)[20_499]);
}

#[tokio::test]
async fn reads_agree_with_the_corpus() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    let events = corpus_of(3_000);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.event(1_500).await.unwrap().as_ref(), Some(&events[1_499]));
    assert_eq!(database.event(3_001).await.unwrap(), None);
    let range = database.events_between(corpus::window(1_000, 500), 100).await.unwrap();
    assert_eq!(range, events[1_000..1_100]);
}

#[tokio::test]
async fn usage_is_what_adding_up_gives() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    let events = corpus_of(3_000);
    database.insert_events(&events).await.unwrap();
    let usage = database.usage_between(corpus::window(200, 1_000)).await.unwrap();
    let expected = added_up(&events[200..1_200]);
    assert!(usage.iter().map(|model| &model.model).eq(expected.keys()), "{usage:?}");
    for (model, (count, latency, tokens, cost)) in usage.iter().zip(expected.values()) {
        assert_eq!((model.events, model.tokens), (*count, *tokens));
        assert!((model.average_latency_ms - latency / *count as f64).abs() < 1e-6 * latency);
        assert!((model.cost_usd - cost).abs() < 1e-9);
    }
}

#[tokio::test]
async fn an_insert_is_one_part_of_the_table() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    database.insert_events(&corpus_of(50_000)).await.unwrap();
    let parts =
        "SELECT count(), sum(rows) FROM system.parts WHERE active AND table = 'events' AND database =";
    assert_eq!(server.run(&format!("{parts} '{}'", database.name())).await, "1\t50000");
}

#[tokio::test]
async fn an_id_that_is_stored_twice_is_there_twice() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    let events = corpus_of(10);
    database.insert_events(&events).await.unwrap();
    database.insert_events(&events[..1]).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 11);
    assert_eq!(database.event(1).await.unwrap().as_ref(), Some(&events[0]));
}

/// The server refuses a query that would read more rows than that.
async fn reading_at_most(server: &Server, rows: u32, query: &str) -> String {
    server.run_with(&format!("max_rows_to_read={rows}"), query).await.1
}

#[tokio::test]
async fn a_lookup_reads_one_granule_of_the_table() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    database.insert_events(&corpus_of(20_000)).await.unwrap();
    let table = format!("{}.events", database.name());
    let lookup = format!("SELECT id FROM {table} WHERE id = 12345");
    assert_eq!(reading_at_most(&server, 512, &lookup).await, "12345");
    let scan = format!("SELECT id FROM {table} WHERE thread_id = 1");
    assert!(reading_at_most(&server, 512, &scan).await.contains("Code: 158"));
}

#[tokio::test]
async fn reads_go_on_while_events_come_in() {
    let server = shared_server().await;
    let database = database(&server, PoolOptions::default()).await;
    let events = corpus_of(30_000);
    database.insert_events(&events[..10_000]).await.unwrap();
    let ingest = async {
        for batch in events[10_000..].chunks(1_000) {
            database.insert_events(batch).await.unwrap();
        }
    };
    let reads = async {
        for id in 1..=100 {
            assert_eq!(database.event(id).await.unwrap().map(|event| event.id), Some(id));
        }
    };
    tokio::join!(ingest, reads);
    assert_eq!(database.count_events().await.unwrap(), 30_000);
}

async fn until_no_insert_runs(server: &Server) {
    let running = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO `test%'";
    while server.run(running).await != "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_insert_that_was_cut_short_stores_nothing_and_is_not_repeated() {
    let server = shared_server().await;
    let (proxy, database) = behind_proxy(&server, PoolOptions::default()).await;
    for cut in [300_000, 1_000_000, 2_000_000] {
        proxy.cut_after(cut);
        let error = database.insert_events(&corpus_of(50_000)).await.unwrap_err();
        assert!(matches!(error, Error::Lost { .. }), "{error}");
        assert!(error.to_string().contains("count before"), "{error}");
        until_no_insert_runs(&server).await;
        assert_eq!(database.count_events().await.unwrap(), 0, "cut after {cut} bytes");
    }
    assert_eq!(proxy.cuts(), 3);
    database.insert_events(&corpus_of(50_000)).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 50_000);
}

/// An address of this machine that is not known as one, so that rows are compressed.
#[tokio::test]
async fn rows_arrive_compressed_as_well() {
    let server = shared_server().await;
    let url = server.url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    let database = ClickHouse::open(&url, &fresh_name(), PoolOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    let events = corpus_of(20_000);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_000);
    assert_eq!(
        database.events_between(corpus::window(19_000, 500), 100).await.unwrap(),
        events[19_000..19_100]
    );
}
