//! tokio-tungstenite as its documentation says: a task for each connection, which takes all messages that wait, feeds
//! them to the sink and flushes once. Each message is serialised once.

use backend_bench::backend::broadcaster::protocol::ServerEvent;
use futures_util::SinkExt;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::raw::connected;
use super::receivers::Receivers;
use super::{Contestant, PAYLOAD, ROOM, frame, server};

/// Messages that may wait for one connection: all of a round.
const CAPACITY: usize = 10_000;

pub struct Batched {
    queues: Vec<mpsc::Sender<Utf8Bytes>>,
    _runtime: Runtime,
}

impl Batched {
    pub fn start() -> (Self, Receivers) {
        let runtime = server();
        let (sockets, receivers) = connected(&runtime);
        let start_writer = |socket| {
            let (sender, queue) = mpsc::channel(CAPACITY);
            runtime.spawn(write_all(socket, queue));
            sender
        };
        let queues = sockets.into_iter().map(start_writer).collect();
        (Self { queues, _runtime: runtime }, Receivers::start(receivers, &frame()))
    }
}

async fn write_all(socket: tokio::net::TcpStream, mut queue: mpsc::Receiver<Utf8Bytes>) {
    let mut stream = WebSocketStream::from_raw_socket(socket, Role::Server, None).await;
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, CAPACITY).await > 0 {
        for text in waiting.drain(..) {
            stream.feed(Message::Text(text)).await.expect("a client that reads");
        }
        stream.flush().await.expect("a client that reads");
    }
}

impl Contestant for Batched {
    fn name(&self) -> &'static str {
        "(b) tungstenite, serialised once, one flush"
    }

    fn publish(&mut self, messages: usize) {
        for _ in 0..messages {
            let text =
                ServerEvent::Message { room: ROOM.into(), payload: PAYLOAD }.to_text().expect("a text");
            for queue in &self.queues {
                queue.try_send(text.clone()).expect("room in the queue");
            }
        }
    }
}
