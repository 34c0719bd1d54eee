//! fastwebsockets: a task for each connection, which writes frames whose text was serialised once.

use std::sync::Arc;

use fastwebsockets::{Frame, Payload, Role, WebSocket};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use super::raw::connected;
use super::receivers::Receivers;
use super::{Contestant, PAYLOAD, ROOM, frame, server};
use backend_bench::backend::broadcaster::protocol::ServerEvent;

pub struct Fast {
    messages: broadcast::Sender<Arc<str>>,
    _runtime: Runtime,
}

impl Fast {
    pub fn start() -> (Self, Receivers) {
        let (messages, runtime) = (broadcast::Sender::new(1 << 14), server());
        let (sockets, receivers) = connected(&runtime);
        for socket in sockets {
            runtime.spawn(send_all(socket, messages.subscribe()));
        }
        (Self { messages, _runtime: runtime }, Receivers::start(receivers, &frame()))
    }
}

async fn send_all(socket: tokio::net::TcpStream, mut messages: broadcast::Receiver<Arc<str>>) {
    let mut socket = WebSocket::after_handshake(socket, Role::Server);
    while let Ok(text) = messages.recv().await {
        let frame = Frame::text(Payload::Borrowed(text.as_bytes()));
        socket.write_frame(frame).await.expect("a client that reads");
    }
}

impl Contestant for Fast {
    fn name(&self) -> &'static str {
        "(c) fastwebsockets, serialised once"
    }

    fn publish(&mut self, messages: usize) {
        for _ in 0..messages {
            let text =
                ServerEvent::Message { room: ROOM.into(), payload: PAYLOAD }.to_text().expect("a text");
            let _ = self.messages.send(Arc::from(text.as_str())).expect("connections");
        }
    }
}
