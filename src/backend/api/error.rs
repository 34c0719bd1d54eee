//! What a client is told when a request fails.

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::backend::agent::{AgentError, LlmError};
use crate::backend::broadcaster::PublishError;
use crate::backend::database;

/// A failed request: its status, and the body `{"error": {"code", "message", "remedy"?}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    remedy: Option<&'static str>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), remedy: None }
    }

    pub fn remedy(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// 422: a field that is there, but not what it should be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
    }

    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what}"))
    }

    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
    }

    fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is larger than this endpoint takes")
            .remedy("send less at once")
    }

    fn unsupported(wanted: &'static str) -> Self {
        let message = format!("the body is not of type {wanted}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
            .remedy("set the Content-Type header to what the body is")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let details = Details { code: self.code, message: &self.message, remedy: self.remedy };
        (self.status, Json(Body { error: details })).into_response()
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match &rejection {
            JsonRejection::JsonSyntaxError(_) => {
                Self::new(StatusCode::BAD_REQUEST, "bad_json", rejection.body_text())
            }
            JsonRejection::JsonDataError(_) => Self::invalid(rejection.body_text()),
            JsonRejection::MissingJsonContentType(_) => Self::unsupported("application/json"),
            _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            _ => Self::new(StatusCode::BAD_REQUEST, "bad_body", rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_path", rejection.body_text())
    }
}

impl From<MultipartRejection> for ApiError {
    fn from(_: MultipartRejection) -> Self {
        Self::unsupported("multipart/form-data with a boundary")
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            _ => Self::new(StatusCode::BAD_REQUEST, "bad_body", error.body_text()),
        }
    }
}

impl From<database::Error> for ApiError {
    fn from(error: database::Error) -> Self {
        use database::Error::{Locked, Lost, PoolTimeout, Refused, Timeout};
        let (status, code) = match &error {
            Refused { .. } => (StatusCode::CONFLICT, "refused"),
            PoolTimeout { .. } | Locked { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Lost { .. } => (StatusCode::SERVICE_UNAVAILABLE, "database_lost"),
            Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            _ => return Self::internal(error),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<AgentError> for ApiError {
    fn from(error: AgentError) -> Self {
        let (status, code) = match &error {
            AgentError::EmptyRequest => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            AgentError::Stage { source: LlmError::Deadline { .. }, .. } => {
                (StatusCode::GATEWAY_TIMEOUT, "timeout")
            }
            AgentError::Stage { .. } => (StatusCode::BAD_GATEWAY, "model_failed"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        Self::internal(error)
    }
}
