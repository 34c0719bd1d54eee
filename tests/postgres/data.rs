//! What is stored is what was given, and reads agree with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use backend_bench::backend::database::{
    Conversations, Database, Error, Event, PoolOptions, PreparedStatements, Role, Settings, corpus,
};

use crate::common::{database, events};

/// How many events are inserted at once: a few, the most by one INSERT, and more, which are sent by COPY.
const COUNTS: [usize; 4] = [1, 2_000, 2_001, 4_321];

/// Other events, so that there are too many for one INSERT.
fn filling(count: usize) -> impl Iterator<Item = Event> {
    events(10 + count).into_iter().skip(10)
}

#[tokio::test]
async fn a_bulk_insert_stores_every_field_of_every_event() {
    let database = database(PoolOptions::default()).await;
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

#[tokio::test]
async fn the_ends_of_every_type_survive() {
    let database = database(PoolOptions::default()).await;
    let long = "é".repeat(200_000);
    let payload = format!(r#"{{"text": "{long}", "n":1.50, "null":null}}"#);
    let mut events = vec![
        event(i64::MIN, "", "{}", i64::MIN, f64::MIN),
        event(i64::MAX, "ünïcode 漢字 🦀 \t\n\\N \\. \"", "[]", i64::MAX, f64::MAX),
        event(-1, &long, &payload, -1, f64::MIN_POSITIVE),
        event(0, "'; DROP TABLE events; --", "\"text\"", 0, -0.0),
    ];
    for rest in [0, 2_000] {
        database.clear_events().await.unwrap();
        events.extend(filling(rest));
        database.insert_events(&events).await.unwrap();
        for event in &events[..4] {
            assert_eq!(database.event(event.id).await.unwrap().as_ref(), Some(event));
        }
    }
}

#[tokio::test]
async fn an_insert_is_all_or_nothing_and_names_a_taken_id() {
    for count in [2, 2_000, 2_001] {
        let database = database(PoolOptions::default()).await;
        let mut events = events(count);
        let last = events.last_mut().unwrap();
        let id = std::mem::replace(&mut last.id, 1);
        assert_names_the_taken_id(&database.insert_events(&events).await.unwrap_err());
        assert_eq!(database.count_events().await.unwrap(), 0);
        events.last_mut().unwrap().id = id;
        database.insert_events(&events).await.unwrap();
        assert_eq!(database.count_events().await.unwrap(), count as u64);
    }
}

fn assert_names_the_taken_id(error: &Error) {
    let names = |text: &str| error.to_string().contains(text);
    assert!(matches!(error, Error::Refused { .. }) && names("events_pkey") && names("(id)=(1)"), "{error}");
}

#[tokio::test]
async fn what_the_engine_cannot_hold_is_refused_with_the_reason() {
    let database = database(PoolOptions::default()).await;
    let refused = [(event(1, "", "no json", 1, 1.0), "json"), (event(1, "a\0b", "{}", 1, 1.0), "0x00")];
    for ((event, reason), rest) in refused.into_iter().flat_map(|case| [(case.clone(), 0), (case, 2_000)]) {
        let events: Vec<Event> = std::iter::once(event).chain(filling(rest)).collect();
        let error = database.insert_events(&events).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }) && error.to_string().contains(reason), "{error}");
        assert_eq!(database.count_events().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_loaded_corpus_is_the_corpus_and_reads_agree_with_it() {
    let database = database(PoolOptions::default()).await;
    let events = events(20_500);
    corpus::load(&database, 11, 20_500).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 20_500);
    assert_eq!(database.event(20_500).await.unwrap().as_ref(), Some(&events[20_499]));
    assert_eq!(database.event_unprepared(1_500).await.unwrap().as_ref(), Some(&events[1_499]));
    assert_eq!(database.event(20_501).await.unwrap(), None);
    assert_eq!(database.events_between(corpus::window(1_000, 500), 100).await.unwrap(), events[1_000..1_100]);
}

#[tokio::test]
async fn reads_run_in_parallel() {
    let database = Arc::new(database(PoolOptions::default()).await);
    let events = events(2_000);
    database.insert_events(&events).await.unwrap();
    let read = |id| {
        let database = Arc::clone(&database);
        tokio::spawn(async move { database.event(id).await.unwrap().unwrap() })
    };
    let tasks: Vec<_> = (1..=200).map(|number| read(number * 10)).collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), events[(number + 1) * 10 - 1]);
    }
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
async fn usage_is_what_adding_up_gives() {
    let database = database(PoolOptions::default()).await;
    let events = events(3_000);
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
async fn threads_and_messages_are_kept_in_order() {
    let database = database(PoolOptions::default()).await;
    let (first, second) =
        (database.create_thread("first").await.unwrap(), database.create_thread("second").await.unwrap());
    assert_eq!(database.threads(10).await.unwrap(), [second, first.clone()]);
    let question = database.add_message(first.id, Role::User, "why?").await.unwrap();
    let answer = database.add_message(first.id, Role::Assistant, "because").await.unwrap();
    assert_eq!(database.messages(first.id, 10).await.unwrap(), [question, answer.clone()]);
    assert_eq!(database.messages(first.id, 1).await.unwrap(), [answer]);
    assert_eq!(database.thread(first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_message_needs_its_thread() {
    let database = database(PoolOptions::default()).await;
    assert_eq!(database.thread(99).await.unwrap(), None);
    assert!(matches!(database.add_message(99, Role::User, "x").await, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn settings_are_put_together_or_not_at_all() {
    let database = database(PoolOptions::default()).await;
    let settings = |pairs: &[(&str, &str)]| -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    database.put_settings(&settings(&[("a", "1"), ("b", "\"x\"")])).await.unwrap();
    let error = database.put_settings(&settings(&[("a", "2"), ("c", "no json")])).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    database.put_settings(&settings(&[("b", "{\"k\": 1.0}")])).await.unwrap();
    assert_eq!(database.settings().await.unwrap(), settings(&[("a", "1"), ("b", "{\"k\": 1.0}")]));
}
