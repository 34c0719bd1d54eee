//! A TCP proxy whose connections can be cut.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes on what comes to a port of the loopback interface, until it is cut.
pub(super) struct Proxy {
    server: (String, u16),
    address: SocketAddr,
    /// Connections that were cut.
    cuts: Arc<AtomicU64>,
    connections: Option<Connections>,
}

/// The listener and its connections: all of them end when this is dropped.
struct Connections {
    accepting: JoinHandle<()>,
    _end: watch::Sender<()>,
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// A proxy before `server`, on the runtime that this is called on.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn to(server: (String, u16)) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut proxy = Self { server, address, cuts: Arc::default(), connections: None };
        proxy.pass(listener);
        Ok(proxy)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were cut so far.
    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::SeqCst)
    }

    /// Breaks every connection, and refuses new ones: the listener is closed.
    pub async fn cut(&mut self) {
        if let Some(connections) = &mut self.connections {
            connections.accepting.abort();
            // The listener is closed once its task has ended.
            let _ = (&mut connections.accepting).await;
        }
        self.connections = None;
    }

    /// Takes new connections again, on the same port.
    pub(crate) async fn heal(&mut self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.pass(listener);
        Ok(())
    }

    fn pass(&mut self, listener: TcpListener) {
        let (end, ends) = watch::channel(());
        let (server, cuts) = (self.server.clone(), Arc::clone(&self.cuts));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server.clone(), ends.clone(), Arc::clone(&cuts)));
            }
        });
        self.connections = Some(Connections { accepting, _end: end });
    }
}

async fn serve(
    mut client: TcpStream,
    (host, port): (String, u16),
    mut ends: watch::Receiver<()>,
    cuts: Arc<AtomicU64>,
) {
    let Ok(mut server) = TcpStream::connect((host.as_str(), port)).await else { return };
    // Small messages go back and forth: none may wait for the acknowledgement of the one before.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        // Its sender is dropped with the listener.
        _ = ends.changed() => drop(cuts.fetch_add(1, Ordering::SeqCst)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        port
    }

    async fn echoed(stream: &mut TcpStream) -> bool {
        let mut answer = [0; 1];
        stream.write_all(b"x").await.is_ok() && matches!(stream.read(&mut answer).await, Ok(1))
    }

    #[tokio::test]
    async fn a_cut_breaks_what_is_open_and_refuses_what_comes_until_it_is_healed() {
        let mut proxy = Proxy::to(("127.0.0.1".to_owned(), echo().await)).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(echoed(&mut stream).await && proxy.cuts() == 0);
        proxy.cut().await;
        assert!(!echoed(&mut stream).await, "it is cut");
        assert!(TcpStream::connect(proxy.address).await.is_err() && proxy.cuts() == 1);
        proxy.heal().await.unwrap();
        assert!(echoed(&mut TcpStream::connect(proxy.address).await.unwrap()).await);
    }
}
