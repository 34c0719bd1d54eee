//! axum's extractors with the errors and the time limit of this API.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request;
use tokio::time::timeout;

use super::app::App;
use super::error::ApiError;

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
