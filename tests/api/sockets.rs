//! The WebSocket beside the other endpoints.

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(platform: &Platform) -> Socket {
    connect_async(platform.server.websocket_url()).await.unwrap().0
}

async fn say(socket: &mut Socket, command: &Value) -> Value {
    socket.send(command.to_string().into()).await.unwrap();
    hear(socket).await
}

async fn hear(socket: &mut Socket) -> Value {
    serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_run_is_told_to_its_room() {
    let platform = platform().await;
    let mut socket = connect(&platform).await;
    assert_eq!(say(&mut socket, &json!({"join": "costs"})).await, json!({"joined": "costs"}));
    let run = json!({"request": "Our bill doubled.", "room": "costs"});
    let (_, report) = post(&platform, "/agent/runs", &run).await;
    assert_eq!(hear(&mut socket).await["message"], json!({"room": "costs", "payload": report}));
    assert_eq!(get(&platform, "/health").await.1["websockets"], 1);
}

#[tokio::test]
async fn shutdown_says_goodbye_to_sockets() {
    let platform = platform().await;
    let mut socket = connect(&platform).await;
    assert_eq!(say(&mut socket, &json!("ping")).await, json!("pong"));
    let ended = tokio::spawn(async move { socket.next().await.unwrap().unwrap() });
    platform.shutdown().await.unwrap();
    assert!(ended.await.unwrap().is_close());
}

#[tokio::test]
async fn a_handshake_without_a_header_is_refused() {
    const HEADERS: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let platform = platform().await;
    for (missing, _) in HEADERS {
        let url = client().get(platform.server.url("/ws"));
        let given = HEADERS.iter().filter(|(name, _)| *name != missing);
        let (status, error) =
            send(given.fold(url, |request, (name, value)| request.header(*name, *value))).await;
        assert_eq!((status.as_u16(), &error["error"]["code"]), (400, &json!("bad_handshake")), "{missing}");
        assert!(error["error"]["message"].as_str().unwrap().to_lowercase().contains(missing), "{error}");
    }
    // The example of RFC 6455, section 1.3.
    let all = HEADERS.iter().fold(client().get(platform.server.url("/ws")), |request, (name, value)| {
        request.header(*name, *value)
    });
    let response = all.send().await.unwrap();
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
