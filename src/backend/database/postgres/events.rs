//! The events: bulk insert and the three reads.

use std::ops::Range;

use sqlx::postgres::PgRow;
use sqlx::{Connection, Row};

use super::connections::Connections;
use super::copy::{self, COPY};
use super::failure::Effect;
use super::few;
use super::side::Side;
use crate::backend::database::{Error, Event, ModelUsage};

const BY_ID: &str = "SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                     payload, at_us FROM events WHERE id = $1";

/// [`BY_ID`] in other letters: sqlx takes a statement that the connection keeps wherever it finds the same text, also
/// for a query that is not to be kept.
const BY_ID_ANEW: &str = "/* parsed anew */ SELECT id, thread_id, workload, model, input_tokens, output_tokens, \
                          latency_ms, cost_usd, payload, at_us FROM events WHERE id = $1";

const BETWEEN: &str = "SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                       payload, at_us FROM events WHERE at_us >= $1 AND at_us < $2 ORDER BY at_us LIMIT $3";

/// Names are ordered by their bytes, whatever the database's collation.
const USAGE: &str = "SELECT model, count(*), avg(latency_ms), sum(input_tokens + output_tokens)::bigint, \
                     sum(cost_usd) FROM events WHERE at_us >= $1 AND at_us < $2 \
                     GROUP BY model ORDER BY model COLLATE \"C\"";

pub(super) async fn insert(primary: &Side, events: &[Event]) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let work = async {
        let beginnings = primary.again(|| store(primary, events));
        beginnings.await.unwrap_or_else(|error| Err((error, Effect::None)))
    };
    // Through TLS it is large.
    primary.once("inserting events", Box::pin(work)).await
}

/// One statement, which stores all rows or none. Until its end is sent, nothing is stored for certain; so its
/// beginning, whose errors are the outer ones, may be repeated where a connection turns out to be broken.
async fn store(primary: &Side, events: &[Event]) -> Result<Result<(), (sqlx::Error, Effect)>, sqlx::Error> {
    let mut connection = primary.pool().acquire().await?;
    let stored = if few::are_few(events) {
        // What COPY's beginning would show: whether the connection is there.
        connection.ping().await?;
        few::insert(&mut connection, events).await
    } else {
        let mut copy = connection.copy_in_raw(COPY).await?;
        if let Err(error) = copy::send(&mut copy, events).await {
            return Ok(Err((error, Effect::None)));
        }
        copy.finish().await
    };
    let unsure = |error| (error, Effect::Unknown);
    Ok(connection.settle(stored).and_then(|stored| all_of(events, stored)).map_err(unsure))
}

fn all_of(events: &[Event], stored: u64) -> Result<(), sqlx::Error> {
    if stored == events.len() as u64 {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(format!("{stored} of {} events were stored", events.len())))
}

pub(super) async fn count(pool: &Connections) -> Result<u64, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut *connection).await;
    connection.settle(count.map(i64::unsigned_abs))
}

/// At once, and without dead rows for the next reader to skip.
pub(super) async fn clear(pool: &Connections) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let done = sqlx::query("TRUNCATE events").execute(&mut *connection).await;
    connection.settle(done.map(drop))
}

/// `prepared`: with the statement that the connection keeps from the last time.
pub(super) async fn by_id(pool: &Connections, id: i64, prepared: bool) -> Result<Option<Event>, sqlx::Error> {
    let query = sqlx::query(if prepared { BY_ID } else { BY_ID_ANEW }).bind(id).persistent(prepared);
    let mut connection = pool.acquire().await?;
    let found = query.try_map(|row| event(&row)).fetch_optional(&mut *connection).await;
    connection.settle(found)
}

pub(super) async fn between(
    pool: &Connections,
    range: Range<i64>,
    limit: u32,
) -> Result<Vec<Event>, sqlx::Error> {
    let query = sqlx::query(BETWEEN).bind(range.start).bind(range.end).bind(i64::from(limit));
    let mut connection = pool.acquire().await?;
    let found = query.try_map(|row| event(&row)).fetch_all(&mut *connection).await;
    connection.settle(found)
}

pub(super) async fn usage(pool: &Connections, range: Range<i64>) -> Result<Vec<ModelUsage>, sqlx::Error> {
    let query = sqlx::query(USAGE).bind(range.start).bind(range.end);
    let mut connection = pool.acquire().await?;
    let found = query.try_map(|row| model_usage(&row)).fetch_all(&mut *connection).await;
    connection.settle(found)
}

fn event(row: &PgRow) -> Result<Event, sqlx::Error> {
    Ok(Event {
        id: row.try_get(0)?,
        thread_id: row.try_get(1)?,
        workload: row.try_get(2)?,
        model: row.try_get(3)?,
        input_tokens: row.try_get(4)?,
        output_tokens: row.try_get(5)?,
        latency_ms: row.try_get(6)?,
        cost_usd: row.try_get(7)?,
        // JSON is sent as its text, which is all that is wanted of it.
        payload: row.try_get_unchecked(8)?,
        at_us: row.try_get(9)?,
    })
}

fn model_usage(row: &PgRow) -> Result<ModelUsage, sqlx::Error> {
    Ok(ModelUsage {
        model: row.try_get(0)?,
        events: row.try_get(1)?,
        average_latency_ms: row.try_get(2)?,
        tokens: row.try_get(3)?,
        cost_usd: row.try_get(4)?,
    })
}
