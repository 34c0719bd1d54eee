//! A few events in one statement, whose parameters are a list for each column.
//!
//! For few rows it is faster than COPY, whose end is a message of its own: sqlx 0.9.0 leaves Nagle's algorithm on
//! (<https://github.com/transact-rs/sqlx/issues/4335>), so that message waits for the acknowledgement of the rows,
//! which takes the server's system 40 ms where the rows were few.

use sqlx::PgConnection;

use crate::backend::database::Event;

/// The most rows of one statement. From about here on, COPY is as fast.
const MOST: usize = 2_000;

/// The most bytes of text in them: the statement is made in memory as a whole.
const MOST_TEXT: usize = 4 * 1024 * 1024;

const INSERT: &str = "INSERT INTO events (id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
     payload, at_us) \
     SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, payload::json, at_us \
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::float8[], \
     $8::float8[], $9::text[], $10::bigint[]) \
     AS few (id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, payload, at_us)";

/// Whether they are few.
pub(super) fn are_few(events: &[Event]) -> bool {
    let text = |event: &Event| event.workload.len() + event.model.len() + event.payload.len();
    events.len() <= MOST && events.iter().map(text).sum::<usize>() <= MOST_TEXT
}

/// Stores all of them or none, and returns how many.
pub(super) async fn insert(connection: &mut PgConnection, events: &[Event]) -> Result<u64, sqlx::Error> {
    let integers = |of: fn(&Event) -> i64| events.iter().map(of).collect::<Vec<_>>();
    let floats = |of: fn(&Event) -> f64| events.iter().map(of).collect::<Vec<_>>();
    let query = sqlx::query(INSERT)
        .bind(integers(|event| event.id))
        .bind(integers(|event| event.thread_id))
        .bind(texts(events, |event| &event.workload))
        .bind(texts(events, |event| &event.model))
        .bind(integers(|event| event.input_tokens))
        .bind(integers(|event| event.output_tokens))
        .bind(floats(|event| event.latency_ms))
        .bind(floats(|event| event.cost_usd))
        .bind(texts(events, |event| &event.payload))
        .bind(integers(|event| event.at_us));
    query.execute(connection).await.map(|done| done.rows_affected())
}

fn texts(events: &[Event], of: fn(&Event) -> &String) -> Vec<&str> {
    events.iter().map(|event| of(event).as_str()).collect()
}
