//! Runs of the agent against a simulated model that answers at once, both on the thread that is counted.

use tokio::runtime::Runtime;

use super::Steps;
use crate::backend::agent::{AgentStage, LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
use crate::bench::heap::{OwnArena, Spent};

const SEED: u64 = 20;

const REQUEST: &str = "Our API bill doubled in a week. What should we change?";

pub struct Runs {
    supervisor: Supervisor,
    /// What answers, for as long as it is asked.
    _llm: SimulatedLlm,
}

impl Steps for Runs {
    const STEPS: u32 = 1;
    const OPERATIONS: u32 = 1;

    fn new(runtime: &Runtime) -> Self {
        let llm = runtime.block_on(SimulatedLlm::start(LatencyProfile::zero(), SEED));
        let llm = llm.expect("a port on loopback");
        let client = Llm::new(llm.llm_config()).expect("a client without TLS");
        Self { supervisor: Supervisor::new(client, SupervisorConfig::default()), _llm: llm }
    }

    fn step(&mut self, _: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> Spent {
        arena.during(|| {
            runtime.block_on(async {
                let report = self.supervisor.run(REQUEST).await.expect("the simulated model answers");
                assert_eq!(report.stages.len(), AgentStage::ALL.len());
                beside();
            });
        })
    }
}
