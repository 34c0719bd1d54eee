//! The server: accepts connections, serves each in a task of its own, and stops without leaving one.

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
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::{ApiConfig, Parts};
use crate::backend::broadcaster::Broadcaster;

/// The wait after a connection that could not be accepted, as when the process has no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running API. Dropping it closes its port and lets its connections end after their requests under way;
/// [`Server::shutdown`] waits for them.
pub struct Server {
    address: SocketAddr,
    broadcaster: Broadcaster,
    shutdown_timeout: Duration,
    connections: TaskTracker,
    stop: DropGuard,
    /// Ends what did not stop in time.
    kill: CancellationToken,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be had.
    #[error(
        "cannot listen on {address}: {source}; choose an address of this machine and a free port (0 finds one)"
    )]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder for uploads cannot be made.
    #[error("cannot create {}: {source}; name a folder for uploads that can be written to", folder.display())]
    Uploads {
        /// What was asked for.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Server {
    /// Serves `parts` on the runtime that this is called on.
    ///
    /// # Errors
    /// The port is taken, or the folder for uploads cannot be made.
    pub async fn start(parts: Parts, config: ApiConfig) -> Result<Self, StartError> {
        let uploads = |source| StartError::Uploads { folder: config.uploads.clone(), source };
        tokio::fs::create_dir_all(&config.uploads).await.map_err(uploads)?;
        let (listener, address) = listen(config.address)
            .await
            .map_err(|source| StartError::Listen { address: config.address, source })?;
        let (stop, server) = Self::new(&parts, &config, address);
        let service = Service {
            idle_timeout: config.idle_timeout,
            router: super::router(parts, config),
            connections: server.connections.clone(),
            stop,
            kill: server.kill.clone(),
        };
        server.connections.spawn(service.accept(listener));
        Ok(server)
    }

    fn new(parts: &Parts, config: &ApiConfig, address: SocketAddr) -> (CancellationToken, Self) {
        let stop = CancellationToken::new();
        let server = Self {
            address,
            broadcaster: parts.broadcaster.clone(),
            shutdown_timeout: config.shutdown_timeout,
            connections: TaskTracker::new(),
            stop: stop.clone().drop_guard(),
            kill: CancellationToken::new(),
        };
        (stop, server)
    }

    /// Where it listens.
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

    /// Closes the port, waits for requests under way ([`ApiConfig::shutdown_timeout`]), and shuts the broadcaster
    /// down.
    pub async fn shutdown(self) {
        drop(self.stop);
        self.connections.close();
        if timeout(self.shutdown_timeout, self.connections.wait()).await.is_err() {
            self.kill.cancel();
            self.connections.wait().await;
        }
        self.broadcaster.shutdown().await;
    }
}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What accepting and serving share.
#[derive(Clone)]
struct Service {
    router: Router,
    idle_timeout: Duration,
    connections: TaskTracker,
    stop: CancellationToken,
    kill: CancellationToken,
}

impl Service {
    async fn accept(self, listener: TcpListener) {
        while let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, _)) => drop(self.connections.spawn(self.clone().serve(stream))),
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        // Else small answers would wait for the acknowledgement of those before them. A socket that cannot be set
        // is one that just closed.
        let _ = stream.set_nodelay(true);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.idle_timeout);
        let service = TowerToHyperService::new(self.router);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
        // How a connection ended is its client's business: what failed was answered.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = self.kill.run_until_cancelled(connection).await;
    }
}
