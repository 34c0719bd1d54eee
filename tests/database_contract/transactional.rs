//! What engines with transactions and unique keys promise.

use backend_bench::backend::database::{
    Conversations, Database, Error, PoolOptions, PreparedStatements, Role, Settings,
};

use crate::engines::{TestEngine, database, events};

pub async fn an_insert_is_all_or_nothing_and_names_a_taken_id<E: TestEngine>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    for count in [2, 2_000, 2_001, 4_500] {
        let mut events = events(count);
        let last = events.last_mut().unwrap();
        let id = std::mem::replace(&mut last.id, 1);
        let error = database.insert_events(&events).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }) && error.to_string().contains("events"), "{error}");
        assert_eq!(database.count_events().await.unwrap(), 0);
        events.last_mut().unwrap().id = id;
        database.insert_events(&events).await.unwrap();
        database.clear_events().await.unwrap();
    }
}

pub async fn a_lookup_finds_the_same_prepared_or_not<E: TestEngine<Database: PreparedStatements>>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let events = events(10);
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.event(5).await.unwrap().as_ref(), Some(&events[4]));
    assert_eq!(database.event_unprepared(5).await.unwrap().as_ref(), Some(&events[4]));
    assert_eq!(database.event_unprepared(11).await.unwrap(), None);
}

pub async fn threads_are_kept_in_order<E: TestEngine<Database: Conversations>>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let first = database.create_thread("first").await.unwrap();
    let second = database.create_thread("second").await.unwrap();
    assert_eq!(database.threads(10).await.unwrap(), [second, first.clone()]);
    assert_eq!(database.threads(1).await.unwrap()[0].title, "second");
    assert_eq!(database.thread(first.id).await.unwrap(), Some(first));
    assert_eq!(database.thread(99).await.unwrap(), None);
}

pub async fn messages_are_kept_in_order<E: TestEngine<Database: Conversations>>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let thread = database.create_thread("first").await.unwrap().id;
    let question = database.add_message(thread, Role::User, "why?").await.unwrap();
    let answer = database.add_message(thread, Role::Assistant, "because").await.unwrap();
    assert_eq!(database.messages(thread, 10).await.unwrap(), [question, answer.clone()]);
    assert_eq!(database.messages(thread, 1).await.unwrap(), [answer]);
}

pub async fn a_message_needs_its_thread<E: TestEngine<Database: Conversations>>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    let error = database.add_message(99, Role::User, "x").await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub async fn settings_are_put_together_or_not_at_all<E: TestEngine<Database: Conversations>>() {
    let (_place, database) = database::<E>(PoolOptions::default()).await;
    database.put_settings(&settings(&[("a", "1"), ("b", "\"x\"")])).await.unwrap();
    let error = database.put_settings(&settings(&[("a", "2"), ("c", "no json")])).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    database.put_settings(&settings(&[("b", "{\"k\": 1.0}")])).await.unwrap();
    assert_eq!(database.settings().await.unwrap(), settings(&[("a", "1"), ("b", "{\"k\": 1.0}")]));
}
