//! `/threads`, `/threads/{id}/messages` and `/settings`: what the conversation database stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::app::App;
use super::error::ApiError;
use super::error::Checked;
use crate::backend::database::{Message, Role, Thread};

/// The maximum length of a title, in characters.
const MAX_TITLE_LENGTH: usize = 200;

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    limit: Option<u32>,
}

impl ListQuery {
    fn limit(&self) -> Result<u32, ApiError> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=1_000 => Ok(limit),
            limit => Err(ApiError::BadQuery(format!("limit is {limit}: give 1 to 1000"))),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ThreadList {
    threads: Vec<Thread>,
}

#[derive(Serialize)]
pub(super) struct MessageList {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewThread {
    title: String,
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

/// The response to the creation of a record: its location and the record.
type Created<T> = (StatusCode, [(HeaderName, String); 1], Json<T>);

fn created<T>(location: String, record: T) -> Created<T> {
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(record))
}

pub(super) async fn threads(
    State(app): State<Arc<App>>,
    Checked(Query(query)): Checked<Query<ListQuery>>,
) -> Result<Json<ThreadList>, ApiError> {
    let threads = app.parts.conversations.threads(query.limit()?).await?;
    Ok(Json(ThreadList { threads }))
}

pub(super) async fn create_thread(
    State(app): State<Arc<App>>,
    Checked(Json(new)): Checked<Json<NewThread>>,
) -> Result<Created<Thread>, ApiError> {
    let title = new.title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE_LENGTH {
        return Err(ApiError::Invalid(format!("title must have 1 to {MAX_TITLE_LENGTH} characters")));
    }
    let thread = app.parts.conversations.create_thread(title).await?;
    Ok(created(format!("/threads/{}/messages", thread.id), thread))
}

pub(super) async fn messages(
    State(app): State<Arc<App>>,
    Checked(Path(thread)): Checked<Path<i64>>,
    Checked(Query(query)): Checked<Query<ListQuery>>,
) -> Result<Json<MessageList>, ApiError> {
    let limit = query.limit()?;
    require_thread(&app, thread).await?;
    let messages = app.parts.conversations.messages(thread, limit).await?;
    Ok(Json(MessageList { messages }))
}

pub(super) async fn create_message(
    State(app): State<Arc<App>>,
    Checked(Path(thread)): Checked<Path<i64>>,
    Checked(Json(new)): Checked<Json<NewMessage>>,
) -> Result<Created<Message>, ApiError> {
    if new.content.trim().is_empty() {
        return Err(ApiError::Invalid("content is empty".to_owned()));
    }
    require_thread(&app, thread).await?;
    let message = app.parts.conversations.add_message(thread, new.role, &new.content).await?;
    Ok(created(format!("/threads/{thread}/messages"), message))
}

pub(super) async fn require_thread(app: &App, thread: i64) -> Result<(), ApiError> {
    let found = app.parts.conversations.thread(thread).await?;
    found.map(drop).ok_or_else(|| ApiError::NotFound(format!("thread {thread}")))
}

/// Setting names and their values, any JSON.
type Settings = BTreeMap<String, Box<RawValue>>;

pub(super) async fn settings(State(app): State<Arc<App>>) -> Result<Json<Settings>, ApiError> {
    let stored = app.parts.conversations.settings().await?;
    let parse = |(name, value)| RawValue::from_string(value).map(|value| (name, value));
    Ok(Json(stored.into_iter().map(parse).collect::<Result<_, _>>().map_err(ApiError::internal)?))
}

pub(super) async fn put_settings(
    State(app): State<Arc<App>>,
    Checked(Json(values)): Checked<Json<Settings>>,
) -> Result<Json<Settings>, ApiError> {
    if let Some(name) = values.keys().find(|name| !is_setting_name(name)) {
        let message = format!("{name:?} is no name of a setting: use 1 to 64 of a-z, 0-9, `.`, `_` and `-`");
        return Err(ApiError::Invalid(message));
    }
    let values = values.iter().map(|(name, value)| (name.clone(), value.get().to_owned())).collect();
    app.parts.conversations.put_settings(&values).await?;
    settings(State(app)).await
}

fn is_setting_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}
