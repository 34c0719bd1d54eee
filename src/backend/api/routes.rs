//! Which handler answers what, and the limits around all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::time::timeout;

use super::error::ApiError;
use super::{App, agent_runs, analytics, files, health, messages, settings, threads, websocket};

pub(super) fn router(app: Arc<App>) -> Router {
    let uploads = DefaultBodyLimit::max(app.config.max_upload_bytes);
    Router::new()
        .route("/health", get(health::get))
        .route("/threads", get(threads::list).post(threads::create))
        .route("/threads/{id}/messages", get(messages::list).post(messages::create))
        .route("/files", post(files::upload).layer(uploads))
        .route("/analytics", get(analytics::get))
        .route("/settings", get(settings::get).put(settings::put))
        .route("/agent/runs", post(agent_runs::create))
        .route("/ws", get(websocket::upgrade))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(app.config.max_body_bytes))
        .layer(from_fn_with_state(Arc::clone(&app), in_time))
        .with_state(app)
}

async fn unknown_path(uri: Uri) -> ApiError {
    ApiError::not_found(format!("{} here", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{} does not take {method}", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        .remedy("use a method of the Allow header")
}

async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, ApiError> {
    let limit = app.config.request_timeout;
    timeout(limit, next.run(request)).await.map_err(|_| {
        let message = format!("the request took longer than {limit:?}");
        ApiError::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message)
            .remedy("ask for less at once, or try again")
    })
}
