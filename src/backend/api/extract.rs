//! Extractors that refuse with an [`ApiError`].

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::App;
use super::error::ApiError;

/// A JSON body, in time.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let axum::Json(value) = in_time(app, axum::Json::from_request(request, app)).await??;
        Ok(Self(value))
    }
}

/// The parameters after the `?`.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let axum::extract::Query(value) = axum::extract::Query::from_request_parts(parts, app).await?;
        Ok(Self(value))
    }
}

/// The parameters in the path.
pub(super) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, app).await?;
        Ok(Self(value))
    }
}

/// `?limit=`, of lists.
#[derive(Deserialize)]
pub(super) struct Limit {
    limit: Option<u32>,
}

impl Limit {
    /// 50 where none is given.
    pub fn rows(&self) -> Result<u32, ApiError> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=1_000 => Ok(limit),
            limit => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "bad_query",
                format!("limit is {limit}, and has to be from 1 to 1000"),
            )),
        }
    }
}

/// What `reading` the body gives, unless that takes longer than a body may.
pub(super) async fn in_time<T>(app: &App, reading: impl Future<Output = T>) -> Result<T, ApiError> {
    let limit = app.config.body_timeout;
    timeout(limit, reading).await.map_err(|_| {
        let message = format!("the body did not arrive within {limit:?}");
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "slow_body", message)
            .remedy("send it faster, or less of it")
    })
}
