//! `GET /health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::App;
use super::error::ApiError;

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
    engine: &'static str,
    engine_version: String,
    pool: Pool,
    websockets: u64,
}

#[derive(Serialize)]
struct Pool {
    size: u32,
    idle: u32,
    max: u32,
}

/// Healthy is what gets an answer from its database.
pub(super) async fn get(State(app): State<Arc<App>>) -> Result<Json<Health>, ApiError> {
    let database = &app.parts.conversations;
    let engine_version = database.version().await?;
    let stats = database.pool_stats();
    Ok(Json(Health {
        status: "ok",
        engine: database.engine(),
        engine_version,
        pool: Pool { size: stats.size, idle: stats.idle, max: stats.max },
        websockets: app.parts.broadcaster.stats().connections,
    }))
}
