//! The model that the agent benchmarks ask.

use std::cell::OnceCell;

use tokio::runtime::Runtime;

use crate::backend::agent::{
    AgentReport, LatencyProfile, Llm, LlmConfig, SimulatedLlm, Supervisor, SupervisorConfig,
};
use crate::bench::deployment;

/// The seed of everything simulated here.
pub(super) const SEED: u64 = 2;

/// A real endpoint, or a simulated one that runs as long as this lives.
pub(super) struct Endpoint {
    supervisor: Supervisor,
    simulated: Option<SimulatedLlm>,
}

impl Endpoint {
    /// The endpoint that the environment names, else a simulated one.
    fn of_env_or_simulated(runtime: &Runtime, profile: LatencyProfile) -> Self {
        match LlmConfig::from_variables(deployment::named).unwrap_or_else(|error| panic!("{error}")) {
            Some(config) => {
                eprintln!("agent: asking {} at {}", config.model, config.base_url());
                Self::new(config, None)
            }
            None => Self::simulated(runtime, profile),
        }
    }

    /// A simulated endpoint.
    pub(super) fn simulated(runtime: &Runtime, profile: LatencyProfile) -> Self {
        let started = runtime.block_on(SimulatedLlm::start(profile, SEED));
        let simulated = started.expect("a simulated LLM needs a free port on the loopback interface");
        Self::new(simulated.llm_config(), Some(simulated))
    }

    fn new(config: LlmConfig, simulated: Option<SimulatedLlm>) -> Self {
        let llm = Llm::new(config).unwrap_or_else(|error| panic!("{error}"));
        Self { supervisor: Supervisor::new(llm, SupervisorConfig::default()), simulated }
    }

    pub(super) fn supervisor(&self) -> Supervisor {
        self.supervisor.clone()
    }

    pub(super) fn llm(&self) -> &Llm {
        self.supervisor.llm()
    }

    /// The answer to expect, where it can be known.
    pub(super) fn expected(&self, prompt: &str) -> Option<String> {
        self.simulated.as_ref().map(|simulated| simulated.answer_to(prompt))
    }

    /// Refuses an answer that is not the one to expect, or is blank.
    pub(super) fn check(&self, prompt: &str, answer: &str) {
        assert!(!answer.trim().is_empty(), "a blank answer to {prompt:?}");
        if let Some(expected) = self.expected(prompt) {
            assert_eq!(answer, expected, "the wrong answer to {prompt:?}");
        }
    }

    /// [`Endpoint::check`] for every stage of a report.
    pub(super) fn check_report(&self, request: &str, report: &AgentReport) {
        assert_eq!(report.stages.len(), 5, "stages are missing");
        let mut handed_on = None;
        for stage in &report.stages {
            self.check(&stage.stage.prompt(request, handed_on), &stage.completion.text);
            handed_on = Some(&stage.completion.text);
        }
    }
}

/// An endpoint that starts when a benchmark first asks for it: a filter that leaves it out costs nothing.
pub(super) struct Lazy<'r> {
    runtime: &'r Runtime,
    profile: LatencyProfile,
    endpoint: OnceCell<Endpoint>,
}

impl<'r> Lazy<'r> {
    pub(super) fn new(runtime: &'r Runtime, profile: LatencyProfile) -> Self {
        Self { runtime, profile, endpoint: OnceCell::new() }
    }

    pub(super) fn get(&self) -> &Endpoint {
        self.endpoint.get_or_init(|| Endpoint::of_env_or_simulated(self.runtime, self.profile))
    }
}
