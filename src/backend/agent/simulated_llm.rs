//! A server that generates random answers, for benchmarks and tests without a model.

mod model;
mod protocol;
mod service;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use model::{LatencyProfile, LogNormal};
pub use service::LlmFault;

use self::service::SimulatedService;
use super::config::LlmConfig;

/// An in-process HTTP server that speaks the protocol of a language model and **simulates** the model.
///
/// Real are the sockets, HTTP, JSON, the streaming token by token (server-sent events) and the time that passes.
/// Simulated are
/// - the text: random words, a function of seed and prompt ([`SimulatedLlm::answer_to`]);
/// - the latency: drawn from the log-normal distributions of a [`LatencyProfile`], by seed and by the number of the
///   request, whatever the load. A real model slows down under load; this one does not.
///
/// A benchmark on it measures the code around a model and never a model. Where `LLM_BASE_URL` is set (with
/// `LLM_API_KEY` and `LLM_MODEL`), [`LlmConfig::from_variables`] names the real endpoint to use in its place.
///
/// Dropping it ends open answers and closes the port. [`SimulatedLlm::shutdown`] waits for that.
///
/// ```
/// use backend_bench::backend::agent::{LatencyProfile, Llm, SimulatedLlm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let simulated = SimulatedLlm::start(LatencyProfile::zero(), 7).await?;
/// let llm = Llm::new(simulated.llm_config())?;
///
/// let completion = llm.complete("Hello?").await?;
///
/// assert_eq!(completion.text, simulated.answer_to("Hello?"));
/// assert_eq!(completion.pieces, completion.tokens);
/// simulated.shutdown().await;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug)]
pub struct SimulatedLlm {
    address: SocketAddr,
    service: Arc<SimulatedService>,
    serving: JoinHandle<io::Result<()>>,
    stop: DropGuard,
}

impl SimulatedLlm {
    /// Starts a server on a free port of the loopback interface, on the current runtime.
    ///
    /// # Errors
    /// The operating system gives no port.
    pub async fn start(profile: LatencyProfile, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        let service = Arc::new(SimulatedService::new(profile, seed, stop.clone()));
        // Without TCP_NODELAY, each token could wait 40 ms for the acknowledgement of the previous one.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = axum::serve(listener, service::router(Arc::clone(&service)))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let serving = tokio::spawn(server.into_future());
        Ok(Self { address, service, serving, stop: stop.drop_guard() })
    }

    /// The base URL of the endpoint, as in `LLM_BASE_URL`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// A client configuration for this server.
    ///
    /// # Panics
    /// Never: the base of a loopback address is a URL.
    #[must_use]
    pub fn llm_config(&self) -> LlmConfig {
        LlmConfig::new(&self.base_url(), protocol::MODEL).expect("a loopback address makes a URL")
    }

    /// The text that answers `prompt`.
    #[must_use]
    pub fn answer_to(&self, prompt: &str) -> String {
        self.service.answer_to(prompt).concat()
    }

    /// Queues `fault` for `times` requests, after what is queued already.
    pub fn fail_next(&self, times: usize, fault: LlmFault) {
        self.service.faults.push(times, Some(fault));
    }

    /// Queues `times` requests without a fault, after what is queued already.
    pub fn serve_next(&self, times: usize) {
        self.service.faults.push(times, None);
    }

    /// Discards all queued faults.
    pub fn recover(&self) {
        self.service.faults.clear();
    }

    /// Requests received so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.service.requests()
    }

    /// The maximum number of concurrent requests so far.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.service.most_in_flight()
    }

    /// Stops the server and waits until its connections are closed.
    pub async fn shutdown(self) {
        drop(self.stop);
        // A server that failed has stopped as well.
        let _ = self.serving.await;
    }
}
