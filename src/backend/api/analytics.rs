//! `GET /analytics`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::App;
use super::error::ApiError;
use super::extract::Query;
use crate::backend::database::ModelUsage;

/// Microseconds since the Unix epoch; the end is not part of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from_us: i64,
    to_us: i64,
}

#[derive(Serialize)]
struct Usage {
    from_us: i64,
    to_us: i64,
    models: Vec<ModelUsage>,
}

pub(super) async fn get(
    State(app): State<Arc<App>>,
    Query(range): Query<Range>,
) -> Result<([(HeaderName, &'static str); 1], Bytes), ApiError> {
    if range.from_us >= range.to_us {
        let message = format!("from_us ({}) is not before to_us ({})", range.from_us, range.to_us);
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "bad_query", message));
    }
    let generation = app.generation.load(Ordering::Acquire);
    let key = format!("/analytics/{generation}/{}-{}", range.from_us, range.to_us);
    // Callers who waited for one load share its error.
    let loaded = app.parts.cache.get_or_load(&key, usage(&app, range)).await;
    let body = loaded.map_err(|error| ApiError::clone(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body))
}

async fn usage(app: &App, Range { from_us, to_us }: Range) -> Result<Bytes, ApiError> {
    let models = app.parts.events.usage_between(from_us..to_us).await?;
    let body = serde_json::to_vec(&Usage { from_us, to_us, models }).map_err(ApiError::internal)?;
    Ok(body.into())
}
