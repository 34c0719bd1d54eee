//! One HTTP connection: without delays, and seen when it opens and closes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use clickhouse::Client;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::legacy::{self};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::watch;
use tokio::time::timeout;
use tower::{BoxError, Service};

use super::tls;

/// How long an idle connection is kept: ClickHouse before 23.11 closes its end after 3 s.
const IDLE: Duration = Duration::from_secs(2);

/// How long to wait for a server to take a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest that a request waits for the connection of the one before it to come back or to close. It does one or
/// the other at once; this is so that nothing depends on that.
const TURN: Duration = Duration::from_secs(2);

/// The sockets of one client, which one lease after the other uses.
#[derive(Debug, Clone)]
pub(super) struct Sockets(watch::Sender<State>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    open: u32,
    /// Counts up when a lease begins and when it ends.
    lease: u64,
}

impl Sockets {
    /// Whether one is open.
    pub fn any(&self) -> bool {
        self.0.borrow().open > 0
    }

    /// A lease begins or ends.
    pub fn change_lease(&self) {
        self.0.send_modify(|state| state.lease += 1);
    }

    /// Whether another socket is needed.
    ///
    /// The HTTP client gives a connection back some time after its answer was read. A request that comes before that
    /// would have it open one more, which nobody would use. So it waits; once the lease has ended, the connection
    /// has served it.
    async fn needed(&self) -> bool {
        let lease = self.0.borrow().lease;
        let over = |state: &State| state.open == 0 || state.lease != lease;
        timeout(TURN, self.0.subscribe().wait_for(over)).await.ok();
        self.0.borrow().lease == lease
    }
}

/// A client that keeps at most one idle connection, with the count of its sockets. `encrypted` says whether it is for an
/// `https` URL.
///
/// The crate's own default leaves Nagle's algorithm on. The last piece of an insert then waits for the
/// acknowledgement of the one before, 40 ms by Linux's timer.
pub(super) fn client(encrypted: bool) -> (Client, Sockets) {
    let sockets = Sockets(watch::Sender::new(State::default()));
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    let transport = legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(1)
        .build(Connector { way: tls::over(http, encrypted), sockets: sockets.clone() });
    (Client::with_http_client(transport), sockets)
}

#[derive(Clone)]
struct Connector {
    way: tls::Connector,
    sockets: Sockets,
}

/// What a way opens.
type Stream = <tls::Connector as Service<Uri>>::Response;

impl Service<Uri> for Connector {
    type Response = Socket;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Socket, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(ready!(self.way.poll_ready(context))?))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let (mut way, sockets) = (self.way.clone(), self.sockets.clone());
        async move {
            if sockets.needed().await {
                Ok(Socket::new(way.call(server).await?, sockets))
            } else {
                Err("the open connection served the request".into())
            }
        }
        .boxed()
    }
}

/// A socket that counts for as long as it lives.
struct Socket {
    io: Stream,
    sockets: Sockets,
}

impl Socket {
    fn new(io: Stream, sockets: Sockets) -> Self {
        sockets.0.send_modify(|state| state.open += 1);
        Self { io, sockets }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.sockets.0.send_modify(|state| state.open -= 1);
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        self.io.connected()
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, pieces)
    }
}
