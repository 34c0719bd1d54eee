//! What a client is told about a failed request.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{Method, StatusCode, Uri, request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;

use super::app::App;
use crate::backend::agent::{AgentError, LlmError};
use crate::backend::database;

/// A failed request. Its response has the body `{"error": {"code", "message", "remedy"?}}`.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("{0}")]
    BadJson(String),
    #[error("{0}")]
    BadQuery(String),
    #[error("{}", .0.body_text())]
    BadPath(#[from] PathRejection),
    #[error("{0}")]
    BadBody(String),
    #[error("{0}")]
    BadHandshake(String),
    /// A field has a value that is not allowed.
    #[error("{0}")]
    Invalid(String),
    #[error("the field `file` has no usable file name")]
    NoFileName,
    #[error("there is no {0}")]
    NotFound(String),
    #[error("{path} does not take {method}", path = .1.path(), method = .0)]
    MethodNotAllowed(Method, Uri),
    #[error("the body is not of type {0}")]
    UnsupportedMediaType(&'static str),
    #[error("the body is larger than this endpoint takes")]
    TooLarge,
    #[error("the body did not arrive within {0:?}")]
    SlowBody(Duration),
    #[error("the request took longer than {0:?}")]
    Timeout(Duration),
    #[error(transparent)]
    Database(#[from] database::Error),
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The error of a load that several requests waited for.
    #[error("{0}")]
    Shared(#[from] Arc<ApiError>),
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadJson(_) => (StatusCode::BAD_REQUEST, "bad_json"),
            Self::BadQuery(_) => (StatusCode::BAD_REQUEST, "bad_query"),
            Self::BadPath(_) => (StatusCode::BAD_REQUEST, "bad_path"),
            Self::BadBody(_) => (StatusCode::BAD_REQUEST, "bad_body"),
            Self::BadHandshake(_) => (StatusCode::BAD_REQUEST, "bad_handshake"),
            Self::Invalid(_) | Self::NoFileName => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed(..) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::UnsupportedMediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::SlowBody(_) => (StatusCode::REQUEST_TIMEOUT, "slow_body"),
            Self::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            Self::Database(error) => of_database(error),
            Self::Agent(error) => of_agent(error),
            Self::Shared(error) => error.status_and_code(),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn help(&self) -> Option<&'static str> {
        match self {
            Self::BadHandshake(_) => Some("connect with a WebSocket client"),
            Self::NoFileName => Some("give it one with letters or digits"),
            Self::MethodNotAllowed(..) => Some("use a method of the Allow header"),
            Self::UnsupportedMediaType(_) => Some("set the Content-Type header to the type of the body"),
            Self::TooLarge => Some("send less at once"),
            Self::SlowBody(_) => Some("send it faster, or less of it"),
            Self::Timeout(_) => Some("ask for less at once, or try again"),
            Self::Shared(error) => error.help(),
            _ => None,
        }
    }
}

fn of_database(error: &database::Error) -> (StatusCode, &'static str) {
    use database::Error::{Locked, Lost, PoolTimeout, Refused, Timeout};
    match error {
        Refused { .. } => (StatusCode::CONFLICT, "refused"),
        PoolTimeout { .. } | Locked { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Lost { .. } => (StatusCode::SERVICE_UNAVAILABLE, "database_lost"),
        Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

fn of_agent(error: &AgentError) -> (StatusCode, &'static str) {
    match error {
        AgentError::EmptyRequest => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        AgentError::Stage { source: LlmError::Deadline { .. }, .. } => {
            (StatusCode::GATEWAY_TIMEOUT, "timeout")
        }
        AgentError::Stage { .. } => (StatusCode::BAD_GATEWAY, "model_failed"),
    }
}

#[derive(Serialize)]
struct ErrorBody {
    error: ErrorDetails,
}

#[derive(Serialize)]
struct ErrorDetails {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let error = ErrorDetails { code, message: self.to_string(), remedy: self.help() };
        (status, Json(ErrorBody { error })).into_response()
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match &rejection {
            JsonRejection::JsonSyntaxError(_) => Self::BadJson(rejection.body_text()),
            JsonRejection::JsonDataError(_) => Self::Invalid(rejection.body_text()),
            JsonRejection::MissingJsonContentType(_) => Self::UnsupportedMediaType("application/json"),
            _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadBody(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadQuery(rejection.body_text())
    }
}

impl From<MultipartRejection> for ApiError {
    fn from(_: MultipartRejection) -> Self {
        Self::UnsupportedMediaType("multipart/form-data with a boundary")
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadBody(error.body_text()),
        }
    }
}

/// An extractor of axum whose rejection becomes an [`ApiError`], and whose body has to arrive in time.
pub(super) struct Checked<E>(pub E);

impl<E> FromRequest<Arc<App>> for Checked<E>
where
    E: FromRequest<Arc<App>>,
    ApiError: From<E::Rejection>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        Ok(Self(read_in_time(app, E::from_request(request, app)).await??))
    }
}

impl<E> FromRequestParts<Arc<App>> for Checked<E>
where
    E: FromRequestParts<Arc<App>>,
    ApiError: From<E::Rejection>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut request::Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        Ok(Self(E::from_request_parts(parts, app).await?))
    }
}

/// The output of `reading` a body, unless it exceeds [`ApiConfig::body_timeout`](super::ApiConfig::body_timeout).
pub(super) async fn read_in_time<T>(app: &App, reading: impl Future<Output = T>) -> Result<T, ApiError> {
    let limit = app.config.body_timeout;
    timeout(limit, reading).await.map_err(|_| ApiError::SlowBody(limit))
}
