//! The events: bulk insert and the three reads.

use std::ops::Range;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqliteConnection, SqlitePool};

use crate::backend::database::{Event, ModelUsage};

/// Rows in one statement: 20,000 of the 32,766 variables that SQLite allows.
const ROWS: usize = 2_000;

const COLUMNS: &str = "id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                       payload, at_us";

pub(super) async fn insert(pool: &SqlitePool, events: &[Event]) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut statement = (0, Arc::from(""));
    for chunk in events.chunks(ROWS) {
        if statement.0 != chunk.len() {
            statement = (chunk.len(), values(chunk.len()));
        }
        insert_chunk(&mut transaction, Arc::clone(&statement.1), chunk).await?;
    }
    transaction.commit().await
}

async fn insert_chunk(
    connection: &mut SqliteConnection,
    statement: Arc<str>,
    events: &[Event],
) -> Result<(), sqlx::Error> {
    let arguments = arguments(events).map_err(sqlx::Error::Encode)?;
    // Only the statement of full chunks is worth caching.
    let query = sqlx::query_with(AssertSqlSafe(statement), arguments).persistent(events.len() == ROWS);
    query.execute(connection).await.map(drop)
}

fn values(rows: usize) -> Arc<str> {
    let mut statement = format!("INSERT INTO events ({COLUMNS}) VALUES ");
    statement.push_str(&vec!["(?,?,?,?,?,?,?,?,?,?)"; rows].join(","));
    statement.into()
}

fn arguments(events: &[Event]) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(events.len() * 10, 0);
    events.iter().try_for_each(|event| bind(&mut arguments, event))?;
    Ok(arguments)
}

fn bind(arguments: &mut SqliteArguments, event: &Event) -> Result<(), BoxDynError> {
    for number in [event.id, event.thread_id] {
        Arguments::add(arguments, number)?;
    }
    for text in [&event.workload, &event.model] {
        Arguments::add(arguments, text.as_str())?;
    }
    for number in [event.input_tokens, event.output_tokens] {
        Arguments::add(arguments, number)?;
    }
    for number in [event.latency_ms, event.cost_usd] {
        Arguments::add(arguments, number)?;
    }
    Arguments::add(arguments, event.payload.as_str())?;
    Arguments::add(arguments, event.at_us)
}

pub(super) async fn count(pool: &SqlitePool) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await?;
    Ok(count.unsigned_abs())
}

pub(super) async fn clear(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM events").execute(pool).await.map(drop)
}

/// `prepared`: with the statement that the connection has cached.
pub(super) async fn by_id(pool: &SqlitePool, id: i64, prepared: bool) -> Result<Option<Event>, sqlx::Error> {
    let query = sqlx::query_as("SELECT * FROM events WHERE id = ?").bind(id);
    query.persistent(prepared).fetch_optional(pool).await
}

pub(super) async fn between(
    pool: &SqlitePool,
    range: Range<i64>,
    limit: u32,
) -> Result<Vec<Event>, sqlx::Error> {
    let query = sqlx::query_as("SELECT * FROM events WHERE at_us >= ? AND at_us < ? ORDER BY at_us LIMIT ?");
    query.bind(range.start).bind(range.end).bind(limit).fetch_all(pool).await
}

pub(super) async fn usage(pool: &SqlitePool, range: Range<i64>) -> Result<Vec<ModelUsage>, sqlx::Error> {
    let query = sqlx::query_as(
        "SELECT model, count(*), avg(latency_ms), sum(input_tokens + output_tokens), sum(cost_usd) FROM events \
         WHERE at_us >= ? AND at_us < ? GROUP BY model ORDER BY model",
    );
    query.bind(range.start).bind(range.end).fetch_all(pool).await
}
