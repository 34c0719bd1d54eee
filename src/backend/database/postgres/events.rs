//! The events: bulk insert and the three reads.

use std::ops::Range;

use bytes::BufMut;
use sqlx::PgPool;
use sqlx::postgres::PgPoolCopyExt;

use crate::backend::database::{Event, ModelUsage};

/// The most rows of one INSERT. Up to about here it is faster than COPY, which sqlx 0.9.0 ends with a message of its own
/// while Nagle's algorithm is on (<https://github.com/transact-rs/sqlx/issues/4335>): after few rows, that message
/// waits 40 ms for an acknowledgement.
const UNNEST_ROWS: usize = 2_000;

/// <https://github.com/transact-rs/sqlx/blob/main/FAQ.md>, "How can I bind an array".
const UNNEST_INSERT: &str = "INSERT INTO events (id, thread_id, workload, model, input_tokens, output_tokens, \
     latency_ms, cost_usd, payload, at_us) \
     SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, payload::json, at_us \
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::float8[], \
     $8::float8[], $9::text[], $10::bigint[]) \
     AS events (id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, payload, at_us)";

const COPY: &str = "COPY events (id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                    payload, at_us) FROM STDIN (FORMAT binary)";

const BY_ID: &str = "SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                     payload, at_us FROM events WHERE id = $1";

/// [`BY_ID`] with another text: sqlx uses a cached statement of the same text, even for a query that is not to be
/// cached.
const BY_ID_UNCACHED: &str = "/* uncached */ SELECT id, thread_id, workload, model, input_tokens, output_tokens, \
                              latency_ms, cost_usd, payload, at_us FROM events WHERE id = $1";

const BETWEEN: &str = "SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                       payload, at_us FROM events WHERE at_us >= $1 AND at_us < $2 ORDER BY at_us LIMIT $3";

/// Names are ordered by their bytes, whatever the database's collation.
const USAGE: &str = "SELECT model, count(*), avg(latency_ms), sum(input_tokens + output_tokens)::bigint, \
                     sum(cost_usd) FROM events WHERE at_us >= $1 AND at_us < $2 \
                     GROUP BY model ORDER BY model COLLATE \"C\"";

/// One statement, which stores all rows or none.
pub(super) async fn insert(pool: &PgPool, events: &[Event]) -> Result<(), sqlx::Error> {
    match events.len() {
        0 => Ok(()),
        1..=UNNEST_ROWS => unnest_insert(pool, events).await,
        _ => copy(pool, events).await,
    }
}

async fn unnest_insert(pool: &PgPool, events: &[Event]) -> Result<(), sqlx::Error> {
    let integers = |of: fn(&Event) -> i64| events.iter().map(of).collect::<Vec<_>>();
    let floats = |of: fn(&Event) -> f64| events.iter().map(of).collect::<Vec<_>>();
    let query = sqlx::query(UNNEST_INSERT)
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
    query.execute(pool).await.map(drop)
}

fn texts(events: &[Event], of: fn(&Event) -> &String) -> Vec<&str> {
    events.iter().map(|event| of(event).as_str()).collect()
}

async fn copy(pool: &PgPool, events: &[Event]) -> Result<(), sqlx::Error> {
    let mut copy = pool.copy_in_raw(COPY).await?;
    let mut message = Vec::with_capacity(MESSAGE + 4 * 1024);
    message.put_slice(HEADER);
    for event in events {
        put(&mut message, event)?;
        if message.len() >= MESSAGE {
            copy.send(message.as_slice()).await?;
            message.clear();
        }
    }
    message.put_i16(TRAILER);
    copy.send(message).await?;
    copy.finish().await.map(drop)
}

/// The binary format of COPY (<https://www.postgresql.org/docs/current/sql-copy.html>): signature, flags and the length
/// of an extension. Each row is the number of its fields, and each field its length and its bytes.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of a number of fields, the end.
const TRAILER: i16 = -1;

/// Bytes in each message: enough that messages are few, and few enough that the server works while the next is made.
const MESSAGE: usize = 64 * 1024;

fn put(row: &mut Vec<u8>, event: &Event) -> Result<(), sqlx::Error> {
    row.put_i16(10);
    put_integers(row, [event.id, event.thread_id]);
    [&event.workload, &event.model].iter().try_for_each(|text| put_text(row, text))?;
    put_integers(row, [event.input_tokens, event.output_tokens]);
    put_integers(row, [event.latency_ms, event.cost_usd].map(|float| float.to_bits().cast_signed()));
    put_text(row, &event.payload)?;
    put_integers(row, [event.at_us]);
    Ok(())
}

/// Floats are sent as the bits of an integer.
fn put_integers<const COUNT: usize>(row: &mut Vec<u8>, numbers: [i64; COUNT]) {
    for number in numbers {
        row.put_i32(8);
        row.put_i64(number);
    }
}

fn put_text(row: &mut Vec<u8>, text: &str) -> Result<(), sqlx::Error> {
    row.put_i32(i32::try_from(text.len()).map_err(|error| sqlx::Error::Encode(error.into()))?);
    row.put_slice(text.as_bytes());
    Ok(())
}

pub(super) async fn count(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await;
    count.map(i64::unsigned_abs)
}

/// At once, and without dead rows for the next reader to skip.
pub(super) async fn clear(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("TRUNCATE events").execute(pool).await.map(drop)
}

/// `prepared`: with the statement that the connection has cached.
pub(super) async fn by_id(pool: &PgPool, id: i64, prepared: bool) -> Result<Option<Event>, sqlx::Error> {
    let query = sqlx::query_as(if prepared { BY_ID } else { BY_ID_UNCACHED });
    query.bind(id).persistent(prepared).fetch_optional(pool).await
}

pub(super) async fn between(pool: &PgPool, range: Range<i64>, limit: u32) -> Result<Vec<Event>, sqlx::Error> {
    let query = sqlx::query_as(BETWEEN).bind(range.start).bind(range.end);
    query.bind(i64::from(limit)).fetch_all(pool).await
}

pub(super) async fn usage(pool: &PgPool, range: Range<i64>) -> Result<Vec<ModelUsage>, sqlx::Error> {
    sqlx::query_as(USAGE).bind(range.start).bind(range.end).fetch_all(pool).await
}
