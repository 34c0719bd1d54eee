//! The model that the agent benchmarks ask, and the check of its answers.

use tokio::runtime::Runtime;

use crate::backend::agent::{
    AgentReport, LatencyProfile, Llm, LlmConfig, SimulatedLlm, Supervisor, SupervisorConfig,
};
use crate::bench::deployment;

/// The seed of the simulation.
const SEED: u64 = 2;

/// A real endpoint, or a simulated one that runs until this is dropped.
pub(super) struct AgentEndpoint {
    supervisor: Supervisor,
    simulated: Option<SimulatedLlm>,
}

impl AgentEndpoint {
    /// The endpoint that the environment names, else a simulated one.
    pub(super) fn from_env_or_simulated(runtime: &Runtime, profile: LatencyProfile) -> Self {
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

    /// The expected answer, which is known only for a simulated model.
    pub(super) fn expected(&self, prompt: &str) -> Option<String> {
        self.simulated.as_ref().map(|simulated| simulated.answer_to(prompt))
    }

    /// Panics if an answer is blank or not the expected one.
    pub(super) fn check(&self, prompt: &str, answer: &str) {
        assert!(!answer.trim().is_empty(), "a blank answer to {prompt:?}");
        if let Some(expected) = self.expected(prompt) {
            assert_eq!(answer, expected, "the wrong answer to {prompt:?}");
        }
    }

    /// [`AgentEndpoint::check`] for every stage of a report.
    pub(super) fn check_report(&self, request: &str, report: &AgentReport) {
        assert_eq!(report.stages.len(), 5, "stages are missing");
        let mut previous = None;
        for stage in &report.stages {
            self.check(&stage.stage.prompt(request, previous), &stage.completion.text);
            previous = Some(&stage.completion.text);
        }
    }
}

/// A request of an agent: each is different.
pub(super) fn request(agent: usize, number: usize) -> String {
    format!("Team {agent} spent {}% more on model calls this week. What should it change?", 10 + number)
}
