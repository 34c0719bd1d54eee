//! The reads of events.

use std::ops::Range;

use clickhouse::error::Result;
use clickhouse::query::Query;
use clickhouse::{Client, Row};
use serde::Deserialize;

use super::server::one;
use crate::backend::database::{Event, ModelUsage};

/// An event as its row, its text still where it was received.
#[derive(Row, Deserialize)]
struct EventRow<'a> {
    id: i64,
    thread_id: i64,
    workload: &'a str,
    model: &'a str,
    input_tokens: i64,
    output_tokens: i64,
    latency_ms: f64,
    cost_usd: f64,
    payload: &'a str,
    at_us: i64,
}

impl From<EventRow<'_>> for Event {
    fn from(row: EventRow<'_>) -> Self {
        Self {
            id: row.id,
            thread_id: row.thread_id,
            workload: row.workload.to_owned(),
            model: row.model.to_owned(),
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            latency_ms: row.latency_ms,
            cost_usd: row.cost_usd,
            payload: row.payload.to_owned(),
            at_us: row.at_us,
        }
    }
}

/// The row of [`ModelUsage`]. No name is a column's: ClickHouse would take `sum(cost_usd) AS cost_usd` for a sum
/// of sums.
#[derive(Row, Deserialize)]
struct UsageRow {
    name: String,
    calls: i64,
    mean_latency_ms: f64,
    all_tokens: i64,
    all_usd: f64,
}

impl From<UsageRow> for ModelUsage {
    fn from(row: UsageRow) -> Self {
        Self {
            model: row.name,
            events: row.calls,
            average_latency_ms: row.mean_latency_ms,
            tokens: row.all_tokens,
            cost_usd: row.all_usd,
        }
    }
}

pub(super) fn count(client: &Client, table: &str) -> impl Future<Output = Result<u64>> + use<> {
    one(client.query(&format!("SELECT count() FROM {table}")))
}

pub(super) fn by_id(
    client: &Client,
    table: &str,
    id: i64,
) -> impl Future<Output = Result<Option<Event>>> + use<> {
    let query = client.query(&format!("SELECT ?fields FROM {table} WHERE id = ? LIMIT 1")).bind(id);
    async move { Ok(events(query).await?.pop()) }
}

pub(super) fn between(
    client: &Client,
    table: &str,
    range: &Range<i64>,
    limit: u32,
) -> impl Future<Output = Result<Vec<Event>>> + use<> {
    let query =
        format!("SELECT ?fields FROM {table} WHERE at_us >= ? AND at_us < ? ORDER BY at_us, id LIMIT ?");
    let query = client.query(&query).bind(range.start).bind(range.end).bind(limit);
    events(query)
}

/// Every event of an answer.
async fn events(query: Query) -> Result<Vec<Event>> {
    let (mut rows, mut events) = (query.fetch::<EventRow<'_>>()?, Vec::new());
    while let Some(row) = rows.next().await? {
        events.push(row.into());
    }
    Ok(events)
}

pub(super) fn usage(
    client: &Client,
    table: &str,
    range: &Range<i64>,
) -> impl Future<Output = Result<Vec<ModelUsage>>> + use<> {
    let query = format!(
        "SELECT toString(model) AS name, toInt64(count()) AS calls, avg(latency_ms) AS mean_latency_ms, \
         sum(input_tokens + output_tokens) AS all_tokens, sum(cost_usd) AS all_usd \
         FROM {table} WHERE at_us >= ? AND at_us < ? GROUP BY model ORDER BY model"
    );
    let query = client.query(&query).bind(range.start).bind(range.end);
    async move { Ok(query.fetch_all::<UsageRow>().await?.into_iter().map(ModelUsage::from).collect()) }
}
