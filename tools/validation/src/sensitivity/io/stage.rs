//! The servers that the rows talk to.

use std::net::SocketAddr;

use tokio::runtime::{Handle, Runtime};

use super::raw;
use backend_bench::backend::agent::LatencyProfile;
use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use backend_bench::bench::PlatformGuard;

/// Events in the database.
pub(super) const EVENTS: u32 = 2_000;

/// A backend, a WebSocket hub, a server of raw hyper and one that echoes TCP, each on a port of loopback.
pub(super) struct Stage<'a> {
    pub runtime: &'a Runtime,
    pub platform: PlatformGuard<'a>,
    pub hub: SocketAddr,
    pub hyper: SocketAddr,
    pub tcp: SocketAddr,
    broadcaster: Broadcaster,
}

impl<'a> Stage<'a> {
    /// # Panics
    /// There is no port or no temporary folder to be had: a benchmark that cannot run has failed.
    pub fn start(runtime: &'a Runtime) -> Self {
        let platform = PlatformGuard::start(runtime, LatencyProfile::zero(), EVENTS as usize);
        let broadcaster = Broadcaster::new(BroadcasterConfig::default());
        let (hub, hyper, tcp) = runtime.block_on(async {
            let hub = broadcaster.listen("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{error}"));
            (hub, raw::serve_hyper().await, raw::serve_tcp().await)
        });
        Self { runtime, platform, hub, hyper, tcp, broadcaster }
    }

    /// A handle that blocks on the rows' futures.
    pub fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.runtime.block_on(self.broadcaster.shutdown());
    }
}
