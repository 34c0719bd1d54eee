//! The plainest target: one path of an HTTP/1.1 server, asked for by `GET`, so that the cost of the driver itself shows.
//!
//! hyper speaks the protocol, on the user's own task: no pool is asked for a connection, and no other task is woken to read
//! from it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Connection as Driver, SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use backend_bench::bench::load::{ErrorKind, Failure, Mix, Operation, Target, UserSession};

use super::Outcome;

/// One path of a server, at a URL.
#[derive(Debug, Clone)]
pub struct GetTarget {
    authority: Arc<str>,
    /// What each request has: parsed once.
    path: Uri,
    host: HeaderValue,
    mix: Arc<Mix>,
}

impl GetTarget {
    /// What `url` names: `http://`, host, port and path.
    pub fn new(url: &str) -> Outcome<Self> {
        let url: Uri = url.parse()?;
        let authority = url.authority().ok_or("the URL has no host")?.to_string();
        Ok(Self {
            path: url.path().parse()?,
            host: authority.parse()?,
            authority: authority.into(),
            mix: Arc::new(Mix::new([("get", 100.0)])?),
        })
    }
}

impl Target for GetTarget {
    type Session = GetSession;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.mix)
    }

    fn session(&self, _: usize) -> GetSession {
        GetSession { target: self.clone(), connection: None }
    }
}

/// One user's connection.
pub struct GetSession {
    target: GetTarget,
    connection: Option<Connection>,
}

impl UserSession for GetSession {
    async fn prepare(&mut self) {
        self.connection = Connection::open(&self.target.authority).await.ok();
    }

    /// A connection on which something went wrong, the deadline included, is not used again.
    async fn perform(&mut self, _: Operation) -> Result<(), Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.target.authority).await?,
        };
        let status = connection.get(self.target.request()).await?;
        self.connection = connection.is_open().then_some(connection);
        if status == 200 { Ok(()) } else { Err(Failure::of_status(status, "200 was expected")) }
    }
}

impl GetTarget {
    fn request(&self) -> Request<String> {
        let mut request = Request::new(String::new());
        *request.uri_mut() = self.path.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        request
    }
}

struct Connection {
    sender: SendRequest<String>,
    driver: Driver<TokioIo<TcpStream>, String>,
}

impl Connection {
    async fn open(authority: &str) -> Result<Self, Failure> {
        let refused = |error: std::io::Error| Failure::new(ErrorKind::Refused, error);
        let stream = TcpStream::connect(authority).await.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        Ok(Self { sender, driver })
    }

    fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// The status of the answer, once all of it is there.
    async fn get(&mut self, request: Request<String>) -> Result<u16, Failure> {
        let Self { sender, driver } = self;
        let mut exchange = pin!(exchange(sender, request));
        let mut ended = None;
        poll_fn(|context| {
            // The request goes to the driver, the driver to the socket and back, and the answer from there.
            for _ in 0..2 {
                if let Poll::Ready(status) = exchange.as_mut().poll(context) {
                    return Poll::Ready(status);
                }
                match &ended {
                    Some(failure) => return Poll::Ready(Err(Failure::clone(failure))),
                    None => {
                        if let Poll::Ready(end) = driver.poll_without_shutdown(context) {
                            ended = Some(end.map_or_else(|error| broken(&error), |()| gone()));
                        }
                    }
                }
            }
            exchange.as_mut().poll(context)
        })
        .await
    }
}

async fn exchange(sender: &mut SendRequest<String>, request: Request<String>) -> Result<u16, Failure> {
    sender.ready().await.map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let status = response.status().as_u16();
    let mut body: Incoming = response.into_body();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        frame.map_err(|error| broken(&error))?;
    }
    Ok(status)
}

fn broken(error: &hyper::Error) -> Failure {
    let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Failure::new(ErrorKind::Protocol, format_args!("{error}{reason}"))
}

fn gone() -> Failure {
    Failure::new(ErrorKind::Protocol, "the connection ended before the answer")
}
