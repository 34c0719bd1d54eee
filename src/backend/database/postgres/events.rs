//! The events: bulk insert and the three reads.

use std::ops::Range;

use sqlx::postgres::{PgPoolCopyExt, PgRow};
use sqlx::{PgPool, Row};

use super::copy::{self, COPY};
use super::failure::Effect;
use super::side::Side;
use crate::backend::database::{Error, Event, ModelUsage};

const BY_ID: &str = "SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                     payload, at_us FROM events WHERE id = $1";

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
    primary.once("inserting events", copy_in(primary, events)).await
}

/// One COPY statement, which stores all rows or none. Until its end is sent, nothing is stored for certain; so its
/// beginning may be repeated where a connection turns out to be broken.
async fn copy_in(primary: &Side, events: &[Event]) -> Result<(), (sqlx::Error, Effect)> {
    let unstored = |error| (error, Effect::None);
    let mut copy = primary.again(|| primary.pool().copy_in_raw(COPY)).await.map_err(unstored)?;
    copy::send(&mut copy, events).await.map_err(unstored)?;
    let stored = copy.finish().await.map_err(|error| (error, Effect::Unknown))?;
    if stored == events.len() as u64 {
        return Ok(());
    }
    let few = format!("{stored} of {} events were stored", events.len());
    Err((sqlx::Error::Protocol(few), Effect::Unknown))
}

pub(super) async fn count(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}

/// At once, and without dead rows for the next reader to skip.
pub(super) async fn clear(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("TRUNCATE events").execute(pool).await.map(drop)
}

/// `prepared`: with the statement that the connection keeps from the last time.
pub(super) async fn by_id(pool: &PgPool, id: i64, prepared: bool) -> Result<Option<Event>, sqlx::Error> {
    let query = sqlx::query(BY_ID).bind(id).persistent(prepared);
    query.try_map(|row| event(&row)).fetch_optional(pool).await
}

pub(super) async fn between(pool: &PgPool, range: Range<i64>, limit: u32) -> Result<Vec<Event>, sqlx::Error> {
    let query = sqlx::query(BETWEEN).bind(range.start).bind(range.end).bind(i64::from(limit));
    query.try_map(|row| event(&row)).fetch_all(pool).await
}

pub(super) async fn usage(pool: &PgPool, range: Range<i64>) -> Result<Vec<ModelUsage>, sqlx::Error> {
    let query = sqlx::query(USAGE).bind(range.start).bind(range.end);
    query.try_map(|row| model_usage(&row)).fetch_all(pool).await
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
