//! `GET` and `POST /threads/{id}/messages`.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::App;
use super::error::ApiError;
use super::extract::{Json, Limit, Path, Query};
use super::threads::{Created, created};
use crate::backend::database::{Message, Role};

#[derive(Serialize)]
pub(super) struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    #[serde(default = "user")]
    role: Role,
    content: String,
}

fn user() -> Role {
    Role::User
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(thread): Path<i64>,
    Query(limit): Query<Limit>,
) -> Result<axum::Json<Messages>, ApiError> {
    let limit = limit.rows()?;
    must_exist(&app, thread).await?;
    let messages = app.parts.conversations.messages(thread, limit).await?;
    Ok(axum::Json(Messages { messages }))
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Path(thread): Path<i64>,
    Json(new): Json<NewMessage>,
) -> Result<Created<Message>, ApiError> {
    if new.content.trim().is_empty() {
        return Err(ApiError::invalid("content is empty"));
    }
    must_exist(&app, thread).await?;
    let message = app.parts.conversations.add_message(thread, new.role, &new.content).await?;
    Ok(created(format!("/threads/{thread}/messages"), message))
}

pub(super) async fn must_exist(app: &App, thread: i64) -> Result<(), ApiError> {
    let found = app.parts.conversations.thread(thread).await?;
    found.map(drop).ok_or_else(|| ApiError::not_found(format!("thread {thread}")))
}
