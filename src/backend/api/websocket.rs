//! `GET /ws`: tungstenite's handshake, and then the broadcaster.
//!
//! The upgrade of axum is not used, because it depends on a second version of tungstenite.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use hyper::upgrade::{self, OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::app::App;
use super::error::ApiError;
use crate::backend::broadcaster::Broadcaster;

/// Answers the handshake, and serves the upgraded connection in a task of its own. A wrong handshake is answered by an
/// error that names the header.
pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    mut request: Request,
) -> Result<Response<Body>, ApiError> {
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|error| ApiError::BadHandshake(error.to_string()))?;
    tokio::spawn(serve(app.parts.broadcaster.clone(), upgrade::on(&mut request)));
    Ok(response)
}

/// Serves the connection once the response is sent. An error means that the client is gone.
async fn serve(broadcaster: Broadcaster, on_upgrade: OnUpgrade) {
    let Ok(upgraded) = on_upgrade.await else { return };
    let config = Some(broadcaster.websocket_config());
    let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, config).await;
    broadcaster.serve(stream).await;
}
