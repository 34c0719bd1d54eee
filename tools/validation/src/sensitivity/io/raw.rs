//! Bytes over loopback TCP, with as little as possible above them.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stage::{IoRow, IoWork, Stage};

pub(super) const ROWS: &[IoRow] =
    &[("raw_api", api), ("raw_hyper", hyper), ("tcp_64", ping_pong::<64>), ("tcp_16k", ping_pong::<16_384>)];

fn connect(stage: &Stage<'_>, address: SocketAddr) -> TcpStream {
    let socket = stage.runtime.block_on(TcpStream::connect(address)).expect("a connection over loopback");
    socket.set_nodelay(true).expect("a socket option");
    socket
}

fn api(stage: &Stage<'_>) -> IoWork<'static> {
    requests(stage, stage.platform.server.address(), "/health")
}

fn hyper(stage: &Stage<'_>) -> IoWork<'static> {
    requests(stage, stage.hyper, "/")
}

/// One GET a unit on one connection.
fn requests(stage: &Stage<'_>, address: SocketAddr, path: &str) -> IoWork<'static> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let (mut socket, handle) = (connect(stage, address), stage.handle());
    let mut received = Vec::new();
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                socket.write_all(request.as_bytes()).await.expect("a server that reads");
                read_response(&mut socket, &mut received).await;
            }
        });
    })
}

/// Reads until the whole response is in `received`.
async fn read_response(socket: &mut TcpStream, received: &mut Vec<u8>) {
    received.clear();
    while missing(received) {
        let read = socket.read_buf(received).await.expect("a server that answers");
        assert!(read > 0, "the server closed the connection");
    }
    assert!(received.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(received));
}

/// Whether bytes of the response are still to come.
fn missing(received: &[u8]) -> bool {
    let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return true };
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    received.len() < head + 4 + length.expect("a response that tells its length")
}

/// Sends as many bytes and waits until they are back.
fn ping_pong<const BYTES: usize>(stage: &Stage<'_>) -> IoWork<'static> {
    let (mut socket, handle) = (connect(stage, stage.tcp), stage.handle());
    let (sent, mut received) = (vec![7_u8; BYTES], vec![0_u8; BYTES]);
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                socket.write_all(&sent).await.expect("a server that reads");
                socket.read_exact(&mut received).await.expect("a server that answers");
            }
        });
        assert!(sent == received, "other bytes came back");
    })
}
