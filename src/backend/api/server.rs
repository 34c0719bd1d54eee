//! The server: accepts connections, serves each in a task, and shuts down gracefully.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::app::{ApiConfig, Parts};
use super::routes::router;
use crate::backend::broadcaster::Broadcaster;

/// The wait after a failed `accept`, for example if the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running API. Dropping it closes its port and ends its connections after their open requests;
/// [`ApiServer::shutdown`] waits for that.
pub struct ApiServer {
    address: SocketAddr,
    broadcaster: Broadcaster,
    serving: JoinHandle<()>,
    stop: DropGuard,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiStartError {
    /// The address is not available.
    #[error(
        "cannot listen on {address}: {source}; choose an address of this machine and a free port (0 finds one)"
    )]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder for uploads cannot be created.
    #[error("cannot create {}: {source}; name a folder for uploads that can be written to", folder.display())]
    Uploads {
        /// The configured folder.
        folder: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl ApiServer {
    /// Serves `parts` on the current runtime.
    ///
    /// # Errors
    /// The port is taken, or the folder for uploads cannot be created.
    pub async fn start(parts: Parts, config: ApiConfig) -> Result<Self, ApiStartError> {
        let uploads = |source| ApiStartError::Uploads { folder: config.uploads.clone(), source };
        tokio::fs::create_dir_all(&config.uploads).await.map_err(uploads)?;
        let (listener, address) = listen(config.address)
            .await
            .map_err(|source| ApiStartError::Listen { address: config.address, source })?;
        let (broadcaster, stop) = (parts.broadcaster.clone(), CancellationToken::new());
        let serving = tokio::spawn(serve(listener, parts, config, stop.clone()));
        Ok(Self { address, broadcaster, serving, stop: stop.drop_guard() })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of `path`, which starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL of the WebSocket.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Closes the port, waits for open requests ([`ApiConfig::shutdown_timeout`]), and shuts the broadcaster down.
    pub async fn shutdown(self) {
        drop(self.stop);
        // The task has no result, and a panic in it has been reported already.
        let _ = self.serving.await;
        self.broadcaster.shutdown().await;
    }
}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until `stop`, then waits for open requests and aborts those that outlast the timeout.
async fn serve(listener: TcpListener, parts: Parts, config: ApiConfig, stop: CancellationToken) {
    let shutdown_timeout = config.shutdown_timeout;
    let mut connections = accept(listener, parts, config, stop).await;
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(shutdown_timeout, ended).await;
    connections.shutdown().await;
}

/// Not by `axum::serve`: it has no limit on the time of a request's head, and cannot abort requests. hyper-util's
/// `GracefulShutdown` supports WebSocket upgrades only with HTTP/2, and then waits without limit for the first byte.
async fn accept(
    listener: TcpListener,
    parts: Parts,
    config: ApiConfig,
    stop: CancellationToken,
) -> JoinSet<()> {
    let idle_timeout = config.idle_timeout;
    let (router, mut connections) = (router(parts, config), JoinSet::new());
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(serve_connection(stream, router.clone(), idle_timeout, stop.clone()));
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
    connections
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    idle_timeout: Duration,
    stop: CancellationToken,
) {
    // Without TCP_NODELAY, small responses could wait for the acknowledgement of previous ones.
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(idle_timeout);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    // The result concerns only the client: failed requests have got a response.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
