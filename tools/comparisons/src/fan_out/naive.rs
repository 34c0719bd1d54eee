//! A task for each connection, which serialises each message anew and sends it by itself.

use backend_bench::backend::broadcaster::protocol::ServerEvent;
use futures_util::SinkExt;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::raw::connected;
use super::receivers::Receivers;
use super::{Contestant, PAYLOAD, ROOM, frame, server};

pub struct Naive {
    messages: broadcast::Sender<&'static str>,
    _runtime: Runtime,
}

impl Naive {
    pub fn start() -> (Self, Receivers) {
        let (messages, runtime) = (broadcast::Sender::new(1 << 14), server());
        let (sockets, receivers) = connected(&runtime);
        for socket in sockets {
            runtime.spawn(send_all(socket, messages.subscribe()));
        }
        (Self { messages, _runtime: runtime }, Receivers::start(receivers, &frame()))
    }
}

async fn send_all(socket: tokio::net::TcpStream, mut messages: broadcast::Receiver<&'static str>) {
    let mut stream = WebSocketStream::from_raw_socket(socket, Role::Server, None).await;
    while let Ok(payload) = messages.recv().await {
        let event = ServerEvent::Message { room: ROOM.into(), payload };
        let text = event.to_text().expect("a text");
        stream.send(Message::Text(text)).await.expect("a client that reads");
    }
}

impl Contestant for Naive {
    fn name(&self) -> &'static str {
        "(a) tungstenite, each serialises anew"
    }

    fn publish(&mut self, messages: usize) {
        for _ in 0..messages {
            let _ = self.messages.send(PAYLOAD).expect("connections");
        }
    }
}
