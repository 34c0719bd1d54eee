//! The supervisor: stages in order, each handed the answer of the one before.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::error::AgentError;
use super::llm::Llm;
use super::report::{AgentReport, StageReport};
use super::stage::Stage;

/// How a supervisor works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupervisorConfig {
    /// How many runs are at work at once, and so how many requests the model sees at once; further runs wait their
    /// turn in order of arrival. At least one is.
    pub concurrency: usize,
}

impl Default for SupervisorConfig {
    fn default() -> Self {
        Self { concurrency: 16 }
    }
}

/// Runs requests through all stages. Clones share the limit on runs at once.
#[derive(Debug, Clone)]
pub struct Supervisor {
    llm: Llm,
    turns: Arc<Semaphore>,
}

impl Supervisor {
    /// A supervisor whose stages ask `llm`.
    #[must_use]
    pub fn new(llm: Llm, config: SupervisorConfig) -> Self {
        let turns = config.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self { llm, turns: Arc::new(Semaphore::new(turns)) }
    }

    /// The client that the stages ask through.
    #[must_use]
    pub fn llm(&self) -> &Llm {
        &self.llm
    }

    /// Waits for a turn, then runs every stage. Each has the deadline and the attempts of the [`Llm`]'s configuration.
    /// Dropping the future gives the turn back and ends the request under way.
    ///
    /// # Errors
    /// `request` is empty, or a stage got no answer: the first such stage ends the run.
    ///
    /// # Panics
    /// Never: the semaphore of turns is not closed.
    pub async fn run(&self, request: &str) -> Result<AgentReport, AgentError> {
        if request.trim().is_empty() {
            return Err(AgentError::EmptyRequest);
        }
        let arrived = Instant::now();
        let _turn = self.turns.acquire().await.expect("the semaphore of turns is never closed");
        let started = Instant::now();
        let stages = self.stages(request).await?;
        Ok(AgentReport { stages, queued: started - arrived, time: started.elapsed() })
    }

    async fn stages(&self, request: &str) -> Result<Vec<StageReport>, AgentError> {
        let mut completed: Vec<StageReport> = Vec::with_capacity(Stage::ALL.len());
        for stage in Stage::ALL {
            let handed_on = completed.last().map(|before| before.completion.text.as_str());
            match self.llm.complete(&stage.prompt(request, handed_on)).await {
                Ok(completion) => completed.push(StageReport { stage, completion }),
                Err(source) => return Err(AgentError::Stage { stage, completed, source }),
            }
        }
        Ok(completed)
    }
}
