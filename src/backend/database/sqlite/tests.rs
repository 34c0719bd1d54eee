//! What the SQLite engine promises.

use std::collections::BTreeMap;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::backend::database::{Conversations, Corpus, Role, Settings, corpus};

/// A migrated database in a folder that lives as long.
async fn database(options: PoolOptions) -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let database = Sqlite::open(&folder.path().join("test.db"), options).await.unwrap();
    database.migrate().await.unwrap();
    (folder, database)
}

fn events(count: usize) -> Vec<Event> {
    Corpus::new(11).take(count).collect()
}

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
    let (_folder, database) = database(PoolOptions::default()).await;
    let events = events(4_321);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 4_321);
    assert_eq!(database.events_between(0..i64::MAX, 10_000).await.unwrap(), events);
    database.clear_events().await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 0);
    database.insert_events(&[]).await.unwrap();
}

#[tokio::test]
async fn a_loaded_corpus_is_the_corpus() {
    let (_folder, database) = database(PoolOptions::default()).await;
    corpus::load(&database, 11, 20_500).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_500);
    assert_eq!(database.event(20_500).await.unwrap().unwrap(), events(20_500)[20_499]);
}

#[tokio::test]
async fn an_insert_is_all_or_nothing_and_names_a_taken_id() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let mut events = events(2_500);
    events[2_400].id = 1;
    let error = database.insert_events(&events).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("events.id") && error.to_string().contains("test.db"), "{error}");
    assert_eq!(database.count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn reads_agree_with_the_corpus() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let events = events(3_000);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.event(1_500).await.unwrap().as_ref(), Some(&events[1_499]));
    assert_eq!(database.event(3_001).await.unwrap(), None);
    assert_eq!(database.event_unprepared(1_500).await.unwrap().as_ref(), Some(&events[1_499]));
    let range = database.events_between(corpus::window(1_000, 500), 100).await.unwrap();
    assert_eq!(range, events[1_000..1_100]);
}

#[tokio::test]
async fn usage_is_what_adding_up_gives() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let events = events(3_000);
    database.insert_events(&events).await.unwrap();
    let usage = database.usage_between(corpus::window(200, 1_000)).await.unwrap();
    let expected = added_up(&events[200..1_200]);
    assert_eq!(
        usage.iter().map(|model| &model.model).collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (model, (count, latency, tokens, cost)) in usage.iter().zip(expected.values()) {
        assert_eq!((model.events, model.tokens), (*count, *tokens));
        assert!((model.average_latency_ms - latency / *count as f64).abs() < 1e-6 * latency);
        assert!((model.cost_usd - cost).abs() < 1e-9);
    }
}

#[tokio::test]
async fn the_file_is_in_wal_mode_and_reads_use_the_indexes() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&database.pool).await.unwrap();
    assert_eq!(mode, "wal");
    let plan =
        "EXPLAIN QUERY PLAN SELECT model, count(*) FROM events WHERE at_us >= 1 AND at_us < 2 GROUP BY model";
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(&database.pool).await.unwrap();
    assert!(steps[0].3.contains("USING INDEX events_by_time"), "{steps:?}");
    assert!(database.version().await.unwrap().starts_with("3."));
}

#[tokio::test]
async fn a_full_pool_gives_up_in_time_and_says_how_large_it_is() {
    let options =
        PoolOptions { connections: 2, acquire_timeout: Duration::from_millis(50), ..PoolOptions::default() };
    let (_folder, database) = database(options).await;
    let held = (database.acquire().await.unwrap(), database.acquire().await.unwrap());
    let error = database.count_events().await.unwrap_err();
    assert!(matches!(error, Error::PoolTimeout { connections: 2, .. }), "{error}");
    assert!(error.to_string().contains("raise `connections`"), "{error}");
    drop(held);
    assert_eq!(database.count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn the_pool_counts_what_it_opened_and_what_it_reused() {
    let options = PoolOptions { connections: 3, ..PoolOptions::default() };
    let (_folder, database) = database(options).await;
    let before = database.pool_stats();
    for _ in 0..10 {
        database.count_events().await.unwrap();
    }
    let after = database.pool_stats();
    assert_eq!((after.max, after.acquired() - before.acquired()), (3, 10));
    assert!(after.size <= 3 && after.reuse_since(&before).unwrap() > 0.5, "{after:?}");
    assert_eq!(after.reuse_since(&after), None);
}

#[tokio::test]
async fn a_slow_statement_is_given_up() {
    const COUNT: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) \
                         SELECT count(*) FROM n";
    let options = PoolOptions { query_timeout: Duration::from_millis(20), ..PoolOptions::default() };
    let (_folder, database) = database(options).await;
    let count = sqlx::query_scalar::<_, i64>(COUNT).fetch_one(&database.pool);
    let error = database.run("counting to a million", count).await.unwrap_err();
    assert!(
        error.to_string().contains("counting to a million") && error.to_string().contains("20ms"),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_named() {
    let options = PoolOptions { lock_timeout: Duration::from_millis(20), ..PoolOptions::default() };
    let (folder, database) = database(options.clone()).await;
    let other = Sqlite::open(&folder.path().join("test.db"), options).await.unwrap();
    let held = other.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let error = database.insert_events(&events(1)).await.unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    held.rollback().await.unwrap();
    database.insert_events(&events(1)).await.unwrap();
}

#[tokio::test]
async fn data_survives_closing_and_migrating_again() {
    let (folder, database) = database(PoolOptions::default()).await;
    database.insert_events(&events(10)).await.unwrap();
    database.close().await.unwrap();
    assert!(database.count_events().await.is_err());
    let again = Sqlite::open(&folder.path().join("test.db"), PoolOptions::default()).await.unwrap();
    again.migrate().await.unwrap();
    assert_eq!(again.count_events().await.unwrap(), 10);
}

#[tokio::test]
async fn what_cannot_be_opened_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("notes.txt"),
        "plain text, and more than a header's length of it".repeat(20),
    )
    .unwrap();
    let cases = [
        ("missing/folder/a.db", "create its folder"),
        ("notes.txt/a.db", "create its folder"),
        ("notes.txt", "is no SQLite database"),
    ];
    for (file, remedy) in cases {
        let error =
            Sqlite::open(&folder.path().join(file), PoolOptions::default()).await.unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_left_alone() {
    for (statement, reason) in
        [("PRAGMA user_version = 99", "version 99"), ("CREATE TABLE events (x)", "did not make")]
    {
        let folder = tempfile::tempdir().unwrap();
        let database = Sqlite::open(&folder.path().join("a.db"), PoolOptions::default()).await.unwrap();
        sqlx::raw_sql(statement).execute(&database.pool).await.unwrap();
        let error = database.migrate().await.unwrap_err();
        assert!(matches!(error, Error::Schema { .. }) && error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn threads_are_kept_in_order() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let first = database.create_thread("first").await.unwrap();
    let second = database.create_thread("second").await.unwrap();
    assert_eq!(database.threads(10).await.unwrap(), [second, first.clone()]);
    assert_eq!(database.threads(1).await.unwrap()[0].title, "second");
    assert_eq!(database.thread(first.id).await.unwrap(), Some(first));
    assert_eq!(database.thread(99).await.unwrap(), None);
}

#[tokio::test]
async fn messages_are_kept_in_order() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let first = database.create_thread("first").await.unwrap();
    let question = database.add_message(first.id, Role::User, "why?").await.unwrap();
    let answer = database.add_message(first.id, Role::Assistant, "because").await.unwrap();
    assert_eq!(database.messages(first.id, 10).await.unwrap(), [question, answer.clone()]);
    assert_eq!(database.messages(first.id, 1).await.unwrap(), [answer]);
    assert!(matches!(database.add_message(99, Role::User, "x").await, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn settings_are_put_together_or_not_at_all() {
    let (_folder, database) = database(PoolOptions::default()).await;
    let settings = |pairs: &[(&str, &str)]| -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    database.put_settings(&settings(&[("a", "1"), ("b", "\"x\"")])).await.unwrap();
    let error = database.put_settings(&settings(&[("a", "2"), ("c", "no json")])).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    database.put_settings(&settings(&[("b", "true")])).await.unwrap();
    assert_eq!(database.settings().await.unwrap(), settings(&[("a", "1"), ("b", "true")]));
}
