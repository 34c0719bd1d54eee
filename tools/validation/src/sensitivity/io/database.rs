//! Statements through the pool of an SQLite file.

use std::sync::Arc;

use super::stage::{EVENTS, IoRow, IoWork, Stage};
use backend_bench::backend::database::{Corpus, Database, Error, Event, corpus};

pub(super) const ROWS: &[IoRow] =
    &[("sqlite_point", point), ("sqlite_range", range), ("sqlite_usage", usage), ("sqlite_insert", insert)];

/// Rows in a range.
const RANGE: u32 = 20;

/// Calls `statement` with the database and a place in its table that is never the same twice in turn, and checks how
/// many rows it found.
fn each<F>(
    stage: &Stage<'_>,
    rows: i64,
    statement: impl Fn(Arc<dyn Database>, i64) -> F + 'static,
) -> IoWork<'static>
where
    F: Future<Output = Result<i64, Error>> + 'static,
{
    let (database, handle) = (Arc::clone(&stage.platform.parts.events), stage.handle());
    let (mut place, places) = (0, i64::from(EVENTS) - rows);
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                place = (place + 613) % places;
                let found = statement(Arc::clone(&database), place).await;
                assert_eq!(found.unwrap_or_else(|error| panic!("{error}")), rows, "other rows were found");
            }
        });
    })
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

fn point(stage: &Stage<'_>) -> IoWork<'static> {
    each(stage, 1, |database, place| async move {
        let event = database.event(place + 1).await?;
        Ok(i64::from(event.is_some_and(|event| event.id == place + 1)))
    })
}

fn range(stage: &Stage<'_>) -> IoWork<'static> {
    each(stage, i64::from(RANGE), |database, place| async move {
        let range = corpus::window(place, i64::from(RANGE));
        Ok(count(&database.events_between(range, RANGE).await?))
    })
}

fn usage(stage: &Stage<'_>) -> IoWork<'static> {
    each(stage, 100, |database, place| async move {
        let usage = database.usage_between(corpus::window(place, 100)).await?;
        Ok(usage.iter().map(|model| model.events).sum())
    })
}

/// One event in a transaction of its own, behind all others.
fn insert(stage: &Stage<'_>) -> IoWork<'static> {
    let (database, handle) = (Arc::clone(&stage.platform.parts.events), stage.handle());
    let event = Corpus::new(1).next().expect("the corpus is endless");
    let mut inserted = i64::from(EVENTS);
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                inserted += 1;
                let at_us = corpus::window(inserted, 1).start;
                let done = database.insert_events(&[Event { id: inserted, at_us, ..event.clone() }]).await;
                done.unwrap_or_else(|error| panic!("{error}"));
            }
        });
    })
}
