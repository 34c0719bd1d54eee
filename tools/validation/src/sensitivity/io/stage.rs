//! The servers that the rows talk to.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Handle, Runtime};

use backend_bench::backend::agent::LatencyProfile;
use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use backend_bench::bench::PlatformGuard;

/// Does so many units of prepared work, one after the other.
pub(super) type IoWork<'a> = Box<dyn FnMut(u32) + 'a>;

/// A row: its name, and what prepares its work.
pub(super) type IoRow = (&'static str, fn(&Stage<'_>) -> IoWork<'static>);

/// Events in the database.
pub(super) const EVENTS: u32 = 2_000;

/// A backend, a WebSocket hub, a server of raw hyper and one that echoes TCP, each on a port of loopback.
pub(super) struct Stage<'a> {
    pub runtime: &'a Runtime,
    pub platform: PlatformGuard<'a>,
    pub hub: SocketAddr,
    pub hyper: SocketAddr,
    pub tcp: SocketAddr,
    broadcaster: Broadcaster,
}

impl<'a> Stage<'a> {
    /// # Panics
    /// There is no port or no temporary folder: a benchmark that cannot run has failed.
    pub fn start(runtime: &'a Runtime) -> Self {
        let platform = PlatformGuard::start(runtime, LatencyProfile::zero(), EVENTS as usize);
        let broadcaster = Broadcaster::new(BroadcasterConfig::default());
        let (hub, hyper, tcp) = runtime.block_on(async {
            let hub = broadcaster.listen("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{error}"));
            (hub, serve_hyper().await, serve_tcp().await)
        });
        Self { runtime, platform, hub, hyper, tcp, broadcaster }
    }

    /// A handle that blocks on the rows' futures.
    pub fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.runtime.block_on(self.broadcaster.shutdown());
    }
}

/// A server that gives every connection to `serve`, which is a task of its own.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
    let address = listener.local_addr().expect("a bound socket has an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            socket.set_nodelay(true).expect("a socket option");
            tokio::spawn(serve(socket));
        }
    });
    address
}

/// Hyper with a service that always gives the same answer.
async fn serve_hyper() -> SocketAddr {
    let same = |_: Request<body::Incoming>| async { Ok::<_, Infallible>(Response::new(Body::from("hello"))) };
    listen(move |socket| async move {
        // An error here is a client that went away.
        http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(same)).await.ok();
    })
    .await
}

/// Sends back whatever comes.
async fn serve_tcp() -> SocketAddr {
    listen(|mut socket| async move {
        let (mut reader, mut writer) = socket.split();
        // An error here is a client that went away.
        tokio::io::copy(&mut reader, &mut writer).await.ok();
    })
    .await
}
