//! A user's WebSocket.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::url::ResolvedUrl;
use crate::bench::load::{ErrorKind, Failure};

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects to one of the addresses that were judged, with the headers.
    pub(super) async fn open(url: &ResolvedUrl, headers: &HeaderMap) -> Result<Self, Failure> {
        let mut request = url.url.as_str().into_client_request().map_err(|error| broken(&error))?;
        request.headers_mut().extend(headers.clone());
        let stream = tcp(&url.addresses).await?;
        shaken_hands(request, stream).await.map(Self).map_err(|error| match error {
            Error::Http(response) => Failure::of_status(response.status().as_u16(), "instead of a WebSocket"),
            error => broken(&error),
        })
    }

    pub(crate) async fn send(&mut self, text: String) -> Result<(), Failure> {
        self.0.send(Message::text(text)).await.map_err(|error| broken(&error))
    }

    /// Waits for a message that contains `reply`, past others.
    pub(crate) async fn hear(&mut self, reply: &str) -> Result<(), Failure> {
        let is_reply = |message: &Message| match message {
            Message::Text(text) => text.contains(reply),
            Message::Binary(bytes) => String::from_utf8_lossy(bytes).contains(reply),
            _ => false,
        };
        self.until(is_reply).await
    }

    /// Sends a ping, and waits for the pong that answers it, which every server sends (RFC 6455, section 5.5.2).
    pub async fn ping(&mut self, number: u64) -> Result<(), Failure> {
        let payload = Bytes::copy_from_slice(&number.to_be_bytes());
        self.0.send(Message::Ping(payload.clone())).await.map_err(|error| broken(&error))?;
        self.until(|message| matches!(message, Message::Pong(answer) if *answer == payload)).await
    }

    /// Says goodbye, and waits until the server has closed the connection.
    pub async fn leave(mut self) {
        if self.0.close(None).await.is_ok() {
            while let Some(Ok(_)) = self.0.next().await {}
        }
    }

    async fn until(&mut self, expected: impl Fn(&Message) -> bool) -> Result<(), Failure> {
        while let Some(message) = self.0.next().await {
            if expected(&message.map_err(|error| broken(&error))?) {
                return Ok(());
            }
        }
        Err(Failure::new(ErrorKind::Protocol, "the WebSocket ended"))
    }
}

async fn tcp(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(addresses).await;
    let stream =
        stream.map_err(|error| Failure::new(ErrorKind::Refused, format_args!("WebSocket: {error}")))?;
    // A socket that cannot be set is one that just closed.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

#[cfg(feature = "tls")]
async fn shaken_hands(
    request: Request,
    stream: TcpStream,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Error> {
    tokio_tungstenite::client_async_tls(request, stream).await.map(|(socket, _)| socket)
}

#[cfg(not(feature = "tls"))]
async fn shaken_hands(
    request: Request,
    stream: TcpStream,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Error> {
    tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream)).await.map(|(socket, _)| socket)
}

fn broken(error: &Error) -> Failure {
    Failure::new(ErrorKind::Protocol, format_args!("WebSocket: {error}"))
}
