//! The routes, the limits around all handlers, and `GET /health`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::upgrade::{self, OnUpgrade};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::app::{ApiConfig, App, Parts};
use super::error::ApiError;
use super::{agent_runs, analytics, conversations, files};
use crate::backend::broadcaster::Broadcaster;

/// The endpoints as a service without a port, for callers that serve them elsewhere. The folder for uploads
/// ([`ApiConfig::uploads`]) has to exist.
pub(crate) fn router(parts: Parts, config: ApiConfig) -> Router {
    let app = Arc::new(App::new(parts, config));
    let uploads = DefaultBodyLimit::max(app.config.max_upload_bytes);
    Router::new()
        .route("/health", get(health))
        .route("/threads", get(conversations::threads).post(conversations::create_thread))
        .route("/threads/{id}/messages", get(conversations::messages).post(conversations::create_message))
        .route("/files", post(files::upload).layer(uploads))
        .route("/analytics", get(analytics::get))
        .route("/settings", get(conversations::settings).put(conversations::put_settings))
        .route("/agent/runs", post(agent_runs::create))
        .route("/ws", get(websocket))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(app.config.max_body_bytes))
        .layer(from_fn_with_state(Arc::clone(&app), in_time))
        .with_state(app)
}

async fn unknown_path(uri: Uri) -> ApiError {
    ApiError::NotFound(format!("{} here", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    ApiError::MethodNotAllowed(method, uri)
}

async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, ApiError> {
    let limit = app.config.request_timeout;
    timeout(limit, next.run(request)).await.map_err(|_| ApiError::Timeout(limit))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    engine: &'static str,
    engine_version: String,
    pool: PoolHealth,
    websockets: u64,
}

#[derive(Serialize)]
struct PoolHealth {
    size: u32,
    idle: u32,
    max: u32,
}

/// Fails if the database does not answer.
async fn health(State(app): State<Arc<App>>) -> Result<Json<Health>, ApiError> {
    let database = &app.parts.conversations;
    let engine_version = database.version().await?;
    let stats = database.pool_stats();
    Ok(Json(Health {
        status: "ok",
        engine: database.engine(),
        engine_version,
        pool: PoolHealth { size: stats.size, idle: stats.idle, max: stats.max },
        websockets: app.parts.broadcaster.stats().connections,
    }))
}

/// Answers the handshake, and serves the upgraded connection in a task of its own. A wrong handshake is answered by an
/// error that names the header.
async fn websocket(State(app): State<Arc<App>>, mut request: Request) -> Result<Response, ApiError> {
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|error| ApiError::BadHandshake(error.to_string()))?;
    tokio::spawn(serve_upgraded(app.parts.broadcaster.clone(), upgrade::on(&mut request)));
    Ok(response)
}

/// Serves the connection once the response is sent. An error means that the client is gone.
async fn serve_upgraded(broadcaster: Broadcaster, on_upgrade: OnUpgrade) {
    let Ok(upgraded) = on_upgrade.await else { return };
    let config = Some(broadcaster.websocket_config());
    let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, config).await;
    broadcaster.serve(stream).await;
}
