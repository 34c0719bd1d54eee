//! The hub that the clients of a benchmark talk to, and the text that they send.

use std::net::SocketAddr;

use tokio::runtime::Runtime;

use super::client::HubClient;
use crate::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use crate::bench::harness::runtime;

/// The text of a chat message.
pub(super) const TEXT: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// A hub that listens on loopback, the runtime of both sides, and the address.
pub(super) struct HubServer {
    pub runtime: Runtime,
    hub: Broadcaster,
    pub address: SocketAddr,
}

impl HubServer {
    pub fn start(config: BroadcasterConfig) -> Self {
        let (runtime, hub) = (runtime(), Broadcaster::new(config));
        let address = runtime.block_on(hub.listen("127.0.0.1:0")).expect("a port on loopback");
        Self { runtime, hub, address }
    }

    pub fn connect(&self) -> HubClient {
        self.runtime.block_on(HubClient::connect(self.address))
    }
}

impl Drop for HubServer {
    fn drop(&mut self) {
        self.runtime.block_on(self.hub.shutdown());
    }
}
