//! The WebSocket over which a user hears the agent's answers.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::outcome::{ErrorKind, Failure};

/// A WebSocket that has joined a room of the broadcaster.
#[derive(Debug)]
pub(super) struct Room {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Room {
    pub(super) async fn join(url: &str, room: &str) -> Result<Self, Failure> {
        let (socket, _) =
            connect_async_with_config(url, None, true).await.map_err(|error| not_connected(&error))?;
        let mut joining = Self { socket };
        let command = json!({ "join": room }).to_string();
        joining.socket.send(Message::text(command)).await.map_err(|error| broken(&error))?;
        joining.until(|event| event["joined"] == room).await?;
        Ok(joining)
    }

    /// Waits for the run with this answer, past those that were given up on before.
    pub(super) async fn hear(&mut self, answer: &str) -> Result<(), Failure> {
        self.until(|event| event["message"]["payload"]["answer"] == answer).await
    }

    async fn until(&mut self, expected: impl Fn(&Value) -> bool) -> Result<(), Failure> {
        while let Some(message) = self.socket.next().await {
            let message = message.map_err(|error| broken(&error))?;
            let event = message.to_text().ok().and_then(|text| serde_json::from_str(text).ok());
            if event.is_some_and(|event| expected(&event)) {
                return Ok(());
            }
        }
        Err(Failure::new(ErrorKind::Protocol, "the WebSocket ended"))
    }
}

fn not_connected(error: &Error) -> Failure {
    match error {
        Error::Http(response) => Failure::of_status(response.status().as_u16(), "instead of a WebSocket"),
        Error::Io(_) => Failure::new(ErrorKind::Refused, format_args!("WebSocket: {error}")),
        _ => broken(error),
    }
}

fn broken(error: &Error) -> Failure {
    Failure::new(ErrorKind::Protocol, format_args!("WebSocket: {error}"))
}
