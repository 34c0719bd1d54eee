//! The limit: threads that write the bytes of the frames to the sockets, as many in one call as the broadcaster collects.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

use tokio::net::{TcpListener, TcpStream as Socket};
use tokio::runtime::Runtime;

use super::receivers::Receivers;
use super::{CONNECTIONS, Contestant, frame, server};

/// The most bytes of one write.
const WRITE: usize = 32 * 1024;

/// Writers, each with its share of the connections.
pub struct Raw {
    name: &'static str,
    writers: Vec<mpsc::Sender<usize>>,
    own: Vec<TcpStream>,
}

/// A pair of connected sockets for each connection: the server's, and the client's.
pub(super) fn connected(runtime: &Runtime) -> (Vec<Socket>, Vec<TcpStream>) {
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("an address");
        let mut pairs = (Vec::with_capacity(CONNECTIONS), Vec::with_capacity(CONNECTIONS));
        for _ in 0..CONNECTIONS {
            let client = Socket::connect(address).await.expect("a connection");
            let (server, _) = listener.accept().await.expect("a connection");
            server.set_nodelay(true).expect("a socket option");
            pairs.0.push(server);
            pairs.1.push(client.into_std().expect("a socket"));
        }
        pairs
    })
}

impl Raw {
    /// Written by `threads` threads, of which the one that publishes is one.
    pub fn start(threads: usize) -> (Self, Receivers) {
        let runtime = server();
        let (sockets, receivers) = connected(&runtime);
        let sockets: Vec<TcpStream> = sockets.into_iter().map(blocking).collect();
        let mut shares = sockets.chunks(CONNECTIONS / threads).map(cloned);
        let own = shares.next().expect("a thread");
        let name = if threads == 1 { "(d) TCP, one thread" } else { "(d) TCP, two threads" };
        (Self { name, own, writers: shares.map(writer).collect() }, Receivers::start(receivers, &frame()))
    }
}

fn blocking(socket: Socket) -> TcpStream {
    let socket = socket.into_std().expect("a socket");
    socket.set_nonblocking(false).expect("a socket option");
    socket
}

fn cloned(sockets: &[TcpStream]) -> Vec<TcpStream> {
    sockets.iter().map(|socket| socket.try_clone().expect("a file handle")).collect()
}

fn writer(sockets: Vec<TcpStream>) -> mpsc::Sender<usize> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || receive.iter().for_each(|messages| write(&sockets, messages)));
    send
}

fn write(sockets: &[TcpStream], messages: usize) {
    let frame = frame();
    let at_once = (WRITE / frame.len()).min(messages);
    let bytes = frame.repeat(at_once);
    for first in (0..messages).step_by(at_once) {
        let bytes = &bytes[..at_once.min(messages - first) * frame.len()];
        sockets.iter().for_each(|mut socket| socket.write_all(bytes).expect("a client that reads"));
    }
}

impl Contestant for Raw {
    fn name(&self) -> &'static str {
        self.name
    }

    fn publish(&mut self, messages: usize) {
        self.writers.iter().for_each(|writer| writer.send(messages).expect("a thread that writes"));
        write(&self.own, messages);
    }
}
