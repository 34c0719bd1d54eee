//! What `trait Database` promises.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use backend_bench::backend::database::{Database, Error, Event, PoolOptions, corpus};

use crate::engines::{TestEngine, database, events};

/// Sizes of one insert: below, at and above the limits of a statement, and one that is a multiple of none.
const COUNTS: [usize; 4] = [1, 2_000, 2_001, 4_321];

pub async fn a_bulk_insert_stores_every_field_of_every_event<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    for count in COUNTS {
        let events = events(count);
        database.insert_events(&events).await.unwrap();
        assert_eq!(database.count_events().await.unwrap(), count as u64);
        assert_eq!(database.events_between(0..i64::MAX, 10_000).await.unwrap(), events);
        database.clear_events().await.unwrap();
        assert_eq!(database.count_events().await.unwrap(), 0);
    }
    database.insert_events(&[]).await.unwrap();
}

fn event(id: i64, text: &str, payload: &str, number: i64, float: f64) -> Event {
    Event {
        id,
        thread_id: number,
        workload: text.to_owned(),
        model: text.to_owned(),
        input_tokens: number,
        output_tokens: number,
        latency_ms: float,
        cost_usd: -float,
        payload: payload.to_owned(),
        at_us: number,
    }
}

pub async fn the_limits_of_every_type_survive<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let long = "é".repeat(200_000);
    let payload = format!(r#"{{"text": "{long}", "n":1.50, "null":null}}"#);
    let limits = [
        event(i64::MIN, "", "{}", i64::MIN, f64::MIN),
        event(i64::MAX, "ünïcode 漢字 🦀 \t\n\\N \\. \"", "[]", i64::MAX, f64::MAX),
        event(-1, &long, &payload, -1, f64::MIN_POSITIVE),
        event(0, "'; DROP TABLE events; --", "\"text\"", 0, -0.0),
    ];
    for others in [0, 2_000] {
        let inserted: Vec<Event> = limits.iter().cloned().chain(events(others)).collect();
        database.insert_events(&inserted).await.unwrap();
        for event in &limits {
            assert_eq!(database.event(event.id).await.unwrap().as_ref(), Some(event));
        }
        database.clear_events().await.unwrap();
    }
}

pub async fn a_loaded_corpus_is_the_corpus_and_reads_agree_with_it<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let events = events(20_500);
    corpus::load(&database, 11, 20_500).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_500);
    assert_eq!(database.event(20_500).await.unwrap().as_ref(), Some(&events[20_499]));
    assert_eq!(database.event(20_501).await.unwrap(), None);
    assert_eq!(database.events_between(corpus::window(1_000, 500), 100).await.unwrap(), events[1_000..1_100]);
}

/// For each model: calls, milliseconds, tokens and dollars.
fn sums(events: &[Event]) -> BTreeMap<String, (i64, f64, i64, f64)> {
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

pub async fn usage_is_the_sum_of_its_events<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let events = events(3_000);
    database.insert_events(&events).await.unwrap();
    let usage = database.usage_between(corpus::window(200, 1_000)).await.unwrap();
    let expected = sums(&events[200..1_200]);
    assert!(usage.iter().map(|model| &model.model).eq(expected.keys()), "{usage:?}");
    for (model, (count, latency, tokens, cost)) in usage.iter().zip(expected.values()) {
        assert_eq!((model.events, model.tokens), (*count, *tokens));
        assert!((model.average_latency_ms - latency / *count as f64).abs() < 1e-6 * latency);
        assert!((model.cost_usd - cost).abs() < 1e-9);
    }
}

pub async fn reads_run_in_parallel<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let (database, events) = (Arc::new(database), events(2_000));
    database.insert_events(&events).await.unwrap();
    let read = |id| {
        let database: Arc<dyn Database> = Arc::clone(&database) as _;
        tokio::spawn(async move { database.event(id).await.unwrap().unwrap() })
    };
    let tasks: Vec<_> = (1..=200).map(|number| read(number * 10)).collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), events[(number + 1) * 10 - 1]);
    }
}

pub async fn a_full_pool_gives_up_in_time_and_names_its_size<E: TestEngine>() {
    let options =
        PoolOptions { connections: 2, acquire_timeout: Duration::from_millis(300), ..PoolOptions::default() };
    let (_place, database) = database::<E>(options).await;
    let held = (database.acquire().await.unwrap(), database.acquire().await.unwrap());
    let error = database.count_events().await.unwrap_err();
    assert!(matches!(error, Error::PoolTimeout { connections: 2, .. }), "{error}");
    assert!(error.to_string().contains("raise `connections`"), "{error}");
    drop(held);
    assert_eq!(database.count_events().await.unwrap(), 0);
}

pub async fn the_pool_counts_opened_and_reused_connections<E: TestEngine>() {
    let options = PoolOptions { connections: 3, ..PoolOptions::default() };
    let (_place, database) = database::<E>(options).await;
    let before = database.pool_stats();
    for _ in 0..10 {
        database.count_events().await.unwrap();
    }
    let after = database.pool_stats();
    assert_eq!((after.max, after.acquired() - before.acquired()), (3, 10));
    assert!(after.size <= 3 && after.reuse_since(&before).unwrap() > 0.5, "{after:?}");
    assert_eq!(after.reuse_since(&after), None);
}

pub async fn data_survives_closing_and_migrating_again<E: TestEngine>() {
    let (place, database) = database::<E>(PoolOptions::default()).await;
    database.insert_events(&events(10)).await.unwrap();
    database.close().await.unwrap();
    assert!(database.count_events().await.is_err());
    let again = place.open(PoolOptions::default()).await.unwrap();
    again.migrate().await.unwrap();
    assert_eq!(again.count_events().await.unwrap(), 10);
}

pub async fn engine_and_version_are_reported<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let version = database.version().await.unwrap();
    assert_eq!(database.engine(), E::NAME);
    assert!(version.starts_with(|digit: char| digit.is_ascii_digit()) && version.contains('.'), "{version}");
}
