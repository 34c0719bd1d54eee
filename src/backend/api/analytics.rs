//! `GET /analytics`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Query, State};
use axum::http::{HeaderName, header};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::app::App;
use super::error::ApiError;
use super::error::Checked;
use crate::backend::database::ModelUsage;

/// Microseconds since the Unix epoch, end exclusive.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeRange {
    from_us: i64,
    to_us: i64,
}

#[derive(Serialize)]
struct UsageResponse {
    from_us: i64,
    to_us: i64,
    models: Vec<ModelUsage>,
}

pub(super) async fn get(
    State(app): State<Arc<App>>,
    Checked(Query(range)): Checked<Query<TimeRange>>,
) -> Result<([(HeaderName, &'static str); 1], Bytes), ApiError> {
    if range.from_us >= range.to_us {
        let message = format!("from_us ({}) is not before to_us ({})", range.from_us, range.to_us);
        return Err(ApiError::BadQuery(message));
    }
    let generation = app.generation.load(Ordering::Acquire);
    let key = format!("/analytics/{generation}/{}-{}", range.from_us, range.to_us);
    let body = app.parts.cache.get_or_load(&key, usage(&app, range)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body))
}

async fn usage(app: &App, TimeRange { from_us, to_us }: TimeRange) -> Result<Bytes, ApiError> {
    let models = app.parts.events.usage_between(from_us..to_us).await?;
    let body = serde_json::to_vec(&UsageResponse { from_us, to_us, models });
    Ok(body.map_err(ApiError::internal)?.into())
}
