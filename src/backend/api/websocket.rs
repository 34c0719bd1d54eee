//! `GET /ws`: the handshake of RFC 6455, section 4.2, and then the broadcaster.
//!
//! By hand, because axum's own upgrade brings another version of the WebSocket library that the broadcaster uses.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::app::App;
use super::error::ApiError;
use crate::backend::broadcaster::Broadcaster;

/// The only version that there is.
const VERSION: &str = "13";

pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    mut request: Request,
) -> Result<Response<Body>, ApiError> {
    let accept = derive_accept_key(key(request.headers())?.as_bytes());
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let on_upgrade = on_upgrade.ok_or_else(|| refused("the connection cannot be upgraded"))?;
    tokio::spawn(serve(app.parts.broadcaster.clone(), on_upgrade));
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .body(Body::empty())
        .map_err(ApiError::internal)
}

/// Serves the connection once the answer is sent; where that fails, the client is gone.
async fn serve(broadcaster: Broadcaster, on_upgrade: OnUpgrade) {
    let Ok(upgraded) = on_upgrade.await else { return };
    let config = Some(broadcaster.websocket_config());
    let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, config).await;
    broadcaster.serve(stream).await;
}

/// The client's key, where its headers ask for a WebSocket.
fn key(headers: &HeaderMap) -> Result<&HeaderValue, ApiError> {
    if !lists(headers, &header::CONNECTION, "upgrade") || !lists(headers, &header::UPGRADE, "websocket") {
        return Err(refused("the headers `Connection: Upgrade` and `Upgrade: websocket` are missing"));
    }
    if !lists(headers, &header::SEC_WEBSOCKET_VERSION, VERSION) {
        return Err(refused("the header `Sec-WebSocket-Version: 13` is missing"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    key.filter(|key| key.len() == 24)
        .ok_or_else(|| refused("the header `Sec-WebSocket-Key` is missing, or is not of 16 bytes in base64"))
}

fn refused(message: &str) -> ApiError {
    ApiError::BadHandshake(message.to_owned())
}

/// Whether a header that is a list has this token in it, in upper or lower case.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}
