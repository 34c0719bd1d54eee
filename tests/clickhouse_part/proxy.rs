//! A connection that can be cut or stopped, at a place that the test names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Nothing is cut.
const UNLIMITED: u64 = u64::MAX;

/// Stands between a client and a server on this machine.
pub struct Proxy {
    pub port: u16,
    line: Arc<Line>,
}

/// What all its connections share.
struct Line {
    server: u16,
    /// Bytes of the client until the cut.
    left: AtomicU64,
    connections: AtomicU64,
    cuts: watch::Sender<u64>,
    hangs: watch::Sender<bool>,
}

impl Proxy {
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line {
            server,
            left: AtomicU64::new(UNLIMITED),
            connections: AtomicU64::new(0),
            cuts: watch::Sender::new(0),
            hangs: watch::Sender::new(false),
        });
        let proxy = Self { port, line: Arc::clone(&line) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                line.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(client, Arc::clone(&line)));
            }
        });
        proxy
    }

    /// Cuts the connection on which the client sends the last of that many bytes, and none after it.
    pub fn cut_after(&self, bytes: u64) {
        self.line.left.store(bytes, Ordering::SeqCst);
    }

    /// How many were cut so far.
    pub fn cuts(&self) -> u64 {
        *self.line.cuts.borrow()
    }

    pub async fn until_cut(&self) {
        self.line.cuts.subscribe().wait_for(|cuts| *cuts > 0).await.unwrap();
    }

    /// How many were opened so far.
    pub fn connections(&self) -> u64 {
        self.line.connections.load(Ordering::SeqCst)
    }

    /// Passes nothing on.
    pub fn hang(&self) {
        self.line.hangs.send_replace(true);
    }

    pub fn resume(&self) {
        self.line.hangs.send_replace(false);
    }
}

/// Passes on what comes, until the bytes that are left have been sent.
async fn serve(mut client: TcpStream, line: Arc<Line>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", line.server)).await else { return };
    let (mut sent, mut answered) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        let passed = tokio::select! {
            read = client.read(&mut sent) => line.pass_on(true, &sent[..read.unwrap_or(0)], &mut server).await,
            read = server.read(&mut answered) => {
                line.pass_on(false, &answered[..read.unwrap_or(0)], &mut client).await
            }
        };
        if passed.is_none() {
            return;
        }
    }
}

impl Line {
    /// None, where the connection ends: by one of its sides, or because it is cut.
    async fn pass_on(&self, from_client: bool, bytes: &[u8], to: &mut TcpStream) -> Option<()> {
        self.hangs.subscribe().wait_for(|hangs| !hangs).await.ok()?;
        if bytes.is_empty() || (from_client && self.spend(bytes.len() as u64)) {
            return None;
        }
        to.write_all(bytes).await.ok()
    }

    /// Whether the client has sent as much as it may.
    fn spend(&self, count: u64) -> bool {
        let spent = |left: u64| match left {
            UNLIMITED => None,
            _ if left <= count => Some(UNLIMITED),
            _ => Some(left - count),
        };
        let cut = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spent);
        let cut = cut.is_ok_and(|before| before <= count);
        if cut {
            self.cuts.send_modify(|cuts| *cuts += 1);
        }
        cut
    }
}
