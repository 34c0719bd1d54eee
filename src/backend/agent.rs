//! A supervisor that takes a request through five stages, each of which asks a language model.
//!
//! ```text
//! request -> triage -> data -> optimization -> actions -> reporting -> AgentReport
//!              |        |           |             |           |
//!              +--------+-----------+-------------+-----------+--> Llm --HTTP, streamed--> any OpenAI-compatible server
//! ```
//!
//! - [`Llm`] is a client of `POST <base>/chat/completions` with streaming: a deadline for the whole answer, retries
//!   with exponential backoff and jitter, every attempt counted.
//! - [`Supervisor`] runs the [`AgentStage`]s in order, passes each answer to the next stage, limits the number of
//!   concurrent runs, and stops at the first stage that fails.
//! - [`SimulatedLlm`] is a server that generates random answers, for benchmarks and tests without a model.
//!
//! ```
//! use backend_bench::backend::agent::{AgentStage, LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let simulated = SimulatedLlm::start(LatencyProfile::zero(), 42).await?;
//! let supervisor = Supervisor::new(Llm::new(simulated.llm_config())?, SupervisorConfig::default());
//!
//! let report = supervisor.run("Our API bill doubled in a week.").await?;
//!
//! assert_eq!(report.stages.len(), AgentStage::ALL.len());
//! assert_eq!(report.attempts(), 5);
//! println!("{} ({} tokens in {:?})", report.answer(), report.tokens(), report.time);
//! # Ok(()) })
//! # }
//! ```

mod config;
mod error;
mod llm;
mod simulated_llm;
mod supervisor;

pub use config::{LlmConfig, LlmConfigError};
pub use error::{LlmCause, LlmError};
pub use llm::{Completion, Llm};
pub use simulated_llm::{LatencyProfile, LlmFault, LogNormal, SimulatedLlm};
pub use supervisor::{AgentError, AgentReport, AgentStage, StageReport, Supervisor, SupervisorConfig};
