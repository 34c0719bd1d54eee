//! Deliveries of the hub to connections whose sockets are pipes in memory. Receivers read bytes, and allocate nothing.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::runtime::Runtime;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::steps::Steps;
use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::bench::heap::{AllocationCount, OwnArena};

const RECEIVERS: u32 = 64;

const PAYLOAD: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// Bytes that a pipe holds: more than a message.
const PIPE: usize = 1_024;

/// Bytes of a frame's head, for a payload of less than 126 bytes (RFC 6455, 5.2).
const HEAD: usize = 2;

pub struct DeliverySteps {
    hub: Broadcaster,
    receivers: Vec<WebSocketStream<DuplexStream>>,
}

impl Steps for DeliverySteps {
    const STEPS: u32 = 1;
    const OPERATIONS: u32 = RECEIVERS;

    fn new(runtime: &Runtime) -> Self {
        let hub = Broadcaster::new(BroadcasterConfig::default());
        let receivers = (0..RECEIVERS).map(|_| runtime.block_on(join(&hub))).collect();
        Self { hub, receivers }
    }

    /// A message that is published and received by all receivers.
    fn step(&mut self, _: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> AllocationCount {
        let text = format!(r#"{{"message":{{"room":"audience","payload":"{PAYLOAD}"}}}}"#);
        let mut frame = [0; PIPE];
        let frame = &mut frame[..HEAD + text.len()];
        let spent = arena.during(|| runtime.block_on(self.deliver(frame, beside)));
        assert!(frame.ends_with(text.as_bytes()), "receivers got {:?}", String::from_utf8_lossy(frame));
        spent
    }
}

impl DeliverySteps {
    async fn deliver(&mut self, frame: &mut [u8], beside: &dyn Fn()) {
        assert_eq!(self.hub.publish("audience", PAYLOAD).expect("a text"), self.receivers.len());
        for receiver in &mut self.receivers {
            receiver.get_mut().read_exact(frame).await.expect("an open connection");
            beside();
        }
    }
}

async fn join(hub: &Broadcaster) -> WebSocketStream<DuplexStream> {
    let (server, client) = duplex(PIPE);
    let server = WebSocketStream::from_raw_socket(server, Role::Server, Some(hub.websocket_config())).await;
    let hub = hub.clone();
    tokio::spawn(async move { hub.serve(server).await });
    let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
    client.send(r#"{"join":"audience"}"#.into()).await.expect("an open connection");
    client.next().await.expect("an open connection").expect("an answer");
    client
}
