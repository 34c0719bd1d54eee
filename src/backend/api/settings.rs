//! `GET` and `PUT /settings`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde_json::value::RawValue;

use super::App;
use super::error::ApiError;
use super::extract::Json;

/// Names and their values, any JSON.
type Values = BTreeMap<String, Box<RawValue>>;

pub(super) async fn get(State(app): State<Arc<App>>) -> Result<axum::Json<Values>, ApiError> {
    let stored = app.parts.conversations.settings().await?;
    let parsed =
        stored.into_iter().map(|(name, value)| RawValue::from_string(value).map(|value| (name, value)));
    Ok(axum::Json(parsed.collect::<Result<_, _>>().map_err(ApiError::internal)?))
}

pub(super) async fn put(
    State(app): State<Arc<App>>,
    Json(values): Json<Values>,
) -> Result<axum::Json<Values>, ApiError> {
    if let Some(name) = values.keys().find(|name| !is_name(name)) {
        let message = format!("{name:?} is no name of a setting: use 1 to 64 of a-z, 0-9, `.`, `_` and `-`");
        return Err(ApiError::invalid(message));
    }
    let settings = values.iter().map(|(name, value)| (name.clone(), value.get().to_owned())).collect();
    app.parts.conversations.put_settings(&settings).await?;
    get(State(app)).await
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}
