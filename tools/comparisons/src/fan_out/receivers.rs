//! Those who receive: connections that are read as fast as they can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Far beyond a round of anything that works.
const DEADLINE: Duration = Duration::from_mins(1);

/// Bytes of one read.
const READ: usize = 64 * 1024;

/// Connections that are read by a thread of their own.
pub struct Receivers {
    progress: Arc<Progress>,
    _runtime: Runtime,
}

struct Progress {
    received: AtomicU64,
    wanted: AtomicU64,
    waiting: Thread,
}

/// Bytes that are to come.
pub struct Expected<'a>(&'a Progress);

impl Receivers {
    /// Reads `sockets`, on each of which `frame` comes again and again. The thread that asks is the one that will wait.
    pub fn start(sockets: Vec<std::net::TcpStream>, frame: &[u8]) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread");
        let progress = Arc::new(Progress {
            received: AtomicU64::new(0),
            wanted: AtomicU64::new(u64::MAX),
            waiting: thread::current(),
        });
        // Read from any place of the frame, whole reads can be compared at once.
        let pattern: Arc<[u8]> = frame.iter().copied().cycle().take(READ + frame.len()).collect();
        for socket in sockets {
            let _inside = runtime.enter();
            socket.set_nonblocking(true).expect("a socket option");
            let socket = TcpStream::from_std(socket).expect("a runtime with I/O");
            runtime.spawn(read(socket, Arc::clone(&progress), Arc::clone(&pattern), frame.len()));
        }
        Self { progress, _runtime: runtime }
    }

    /// To be called before `bytes` more are sent.
    pub fn expect(&self, bytes: u64) -> Expected<'_> {
        self.progress.wanted.store(self.progress.received.load(SeqCst) + bytes, SeqCst);
        Expected(&self.progress)
    }
}

impl Expected<'_> {
    /// Waits until all of them have come.
    ///
    /// # Panics
    /// They do not.
    pub fn wait(self) {
        let until = Instant::now() + DEADLINE;
        while self.0.received.load(SeqCst) < self.0.wanted.load(SeqCst) {
            thread::park_timeout(DEADLINE);
            assert!(Instant::now() < until, "not everything was delivered within {DEADLINE:?}");
        }
    }
}

async fn read(mut socket: TcpStream, progress: Arc<Progress>, pattern: Arc<[u8]>, period: usize) {
    let (mut buffer, mut place) = (vec![0; READ], 0);
    loop {
        let length = socket.read(&mut buffer).await.unwrap_or_default();
        if length == 0 {
            return;
        }
        assert!(buffer[..length] == pattern[place..place + length], "something else was delivered");
        place = (place + length) % period;
        let received = progress.received.fetch_add(length as u64, SeqCst) + length as u64;
        if received >= progress.wanted.load(SeqCst) {
            progress.waiting.unpark();
        }
    }
}
