//! `GET` and `POST /threads`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::App;
use super::error::ApiError;
use super::extract::{Json, Limit, Query};
use crate::backend::database::Thread;

/// Characters of a title.
const LONGEST_TITLE: usize = 200;

#[derive(Serialize)]
pub(super) struct Threads {
    threads: Vec<Thread>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewThread {
    title: String,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(limit): Query<Limit>,
) -> Result<axum::Json<Threads>, ApiError> {
    let threads = app.parts.conversations.threads(limit.rows()?).await?;
    Ok(axum::Json(Threads { threads }))
}

/// What a created record is answered with: where it is, and what it is.
pub(super) type Created<T> = (StatusCode, [(HeaderName, String); 1], axum::Json<T>);

pub(super) fn created<T>(location: String, record: T) -> Created<T> {
    (StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(record))
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Json(new): Json<NewThread>,
) -> Result<Created<Thread>, ApiError> {
    let title = new.title.trim();
    if title.is_empty() || title.chars().count() > LONGEST_TITLE {
        return Err(ApiError::invalid(format!("title has to be of 1 to {LONGEST_TITLE} characters")));
    }
    let thread = app.parts.conversations.create_thread(title).await?;
    Ok(created(format!("/threads/{}/messages", thread.id), thread))
}
