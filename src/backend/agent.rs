//! A supervisor that leads a request through five stages, each of which asks a language model.
//!
//! ```text
//! request -> triage -> data -> optimization -> actions -> reporting -> AgentReport
//!              |        |           |             |           |
//!              +--------+-----------+-------------+-----------+--> Llm --HTTP, streamed--> any OpenAI-compatible server
//! ```
//!
//! - [`Llm`] is a client of `POST <base>/chat/completions` with streaming: a deadline over the whole answer, retries
//!   with exponential backoff and jitter, every attempt counted.
//! - [`Supervisor`] runs the [`Stage`]s in order, hands each one's answer to the next, limits how many runs are at
//!   work at once, and stops at the first stage that fails.
//! - [`SimulatedLlm`] is a server that makes up its answers, for benchmarks and tests without a model.
//!
//! ```
//! use backend_bench::backend::agent::{LatencyProfile, Llm, SimulatedLlm, Stage, Supervisor, SupervisorConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let simulated = SimulatedLlm::start(LatencyProfile::zero(), 42).await?;
//! let supervisor = Supervisor::new(Llm::new(simulated.llm_config())?, SupervisorConfig::default());
//!
//! let report = supervisor.run("Our API bill doubled in a week.").await?;
//!
//! assert_eq!(report.stages.len(), Stage::ALL.len());
//! assert_eq!(report.attempts(), 5);
//! println!("{} ({} tokens in {:?})", report.answer(), report.tokens(), report.time);
//! # Ok(()) })
//! # }
//! ```

mod config;
mod error;
mod llm;
mod report;
mod simulated_llm;
mod stage;
mod supervisor;
mod transport;

pub use config::{LlmConfig, LlmConfigError};
pub use error::{AgentError, LlmCause, LlmError};
pub use llm::Llm;
pub use report::{AgentReport, Completion, StageReport};
pub use simulated_llm::{Fault, LatencyProfile, SimulatedLlm, Spread};
pub use stage::Stage;
pub use supervisor::{Supervisor, SupervisorConfig};
