//! A server that makes up answers, for benchmarks and tests without a model.

mod answer;
mod clock;
mod fault;
mod latency;
mod protocol;
mod script;
mod service;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use fault::Fault;
pub use latency::{LatencyProfile, Spread};

use self::service::Service;
use super::config::LlmConfig;

/// What comes of `serving`, while the clock of `service` goes.
async fn beside<T>(serving: impl Future<Output = T>, service: Arc<Service>) -> T {
    tokio::join!(serving, service.clock.keep()).0
}

/// An in-process HTTP server that speaks the protocol of a language model and **simulates** the model.
///
/// Real are the sockets, HTTP, JSON, the token-by-token streaming (server-sent events) and the time that passes.
/// Simulated are
/// - the text: random words, a function of seed and prompt ([`SimulatedLlm::answer_to`]), which nobody thought about;
/// - the latency: drawn from the log-normal distributions of a [`LatencyProfile`], by seed and by the number of the
///   request, whatever the load. A real model slows down under load; this one does not.
///
/// So what is measured with it is the code around a model and never a model. Where `LLM_BASE_URL` is set (with
/// `LLM_API_KEY` and `LLM_MODEL`), [`LlmConfig::from_env`] names the real endpoint to use in its place.
///
/// It stops when dropped: open answers break off and its port closes. [`SimulatedLlm::shutdown`] waits for that.
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
    service: Arc<Service>,
    serving: JoinHandle<io::Result<()>>,
    stop: DropGuard,
}

impl SimulatedLlm {
    /// Starts a server on a free port of the loopback interface, on the runtime that this is called on.
    ///
    /// # Errors
    /// The operating system gives no port.
    pub async fn start(profile: LatencyProfile, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let service = Arc::new(Service::new(profile, seed, stop.clone()));
        // Without it, each token could wait 40 ms for the acknowledgement of the one before. A socket that cannot
        // be set is one that just closed.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let serving = axum::serve(listener, service::router(Arc::clone(&service)))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let serving = tokio::spawn(beside(serving.into_future(), Arc::clone(&service)));
        Ok(Self { address, service, serving, stop: stop.drop_guard() })
    }

    /// The base of the endpoint, as `LLM_BASE_URL` would have it.
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

    /// Has the next `times` requests meet `fault`, after those that were promised one before.
    pub fn fail_next(&self, times: usize, fault: Fault) {
        self.service.faults.add(times, Some(fault));
    }

    /// Has `times` requests served well before the faults that are promised next.
    pub fn serve_next(&self, times: usize) {
        self.service.faults.add(times, None);
    }

    /// Takes back the faults that no request has met yet.
    pub fn recover(&self) {
        self.service.faults.clear();
    }

    /// Requests that arrived so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.service.requests()
    }

    /// The most requests that were being answered at the same time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.service.most_in_flight()
    }

    /// Stops the server and waits until its connections are closed.
    pub async fn shutdown(self) {
        drop(self.stop);
        // A server that failed is a server that stopped.
        let _ = self.serving.await;
    }
}
