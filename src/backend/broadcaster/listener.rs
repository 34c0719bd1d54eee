//! A hub's own port.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::accept_async_with_config;

use super::Broadcaster;

/// Where the machine is out of files or memory, trying again at once would only burn its CPU.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// Accepts and serves connections until the hub shuts down, and then frees the port.
pub(super) async fn accept(hub: Broadcaster, listener: TcpListener) {
    let accept_all = async {
        loop {
            match listener.accept().await {
                Ok((socket, _)) => drop(hub.hub.tasks.spawn(greet(hub.clone(), socket))),
                Err(_) => sleep(PAUSE_AFTER_ERROR).await,
            }
        }
    };
    hub.hub.shutdown.run_until_cancelled(accept_all).await;
}

/// A peer that makes no handshake in time, or a wrong one, is not answered further.
async fn greet(hub: Broadcaster, socket: TcpStream) {
    let handshake = async {
        socket.set_nodelay(true).ok()?;
        accept_async_with_config(socket, Some(hub.websocket_config())).await.ok()
    };
    let within_time = timeout(hub.hub.config.handshake_timeout, handshake);
    if let Some(Ok(Some(stream))) = hub.hub.shutdown.run_until_cancelled(within_time).await {
        hub.serve(stream).await;
    }
}
