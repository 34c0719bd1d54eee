//! The supervisor and its five stages: each stage gets the answer of the one before it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Semaphore;

use super::error::LlmError;
use super::llm::{Completion, Llm};

/// One stage of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentStage {
    /// Classifies the request and states what it needs.
    Triage,
    /// Names the relevant data.
    Data,
    /// Proposes improvements.
    Optimization,
    /// Turns proposals into steps.
    Actions,
    /// Writes the answer for the user.
    Reporting,
}

impl AgentStage {
    /// Every stage, in the order of execution.
    pub const ALL: [Self; 5] = [Self::Triage, Self::Data, Self::Optimization, Self::Actions, Self::Reporting];

    /// The stage's name in errors and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Data => "data",
            Self::Optimization => "optimization",
            Self::Actions => "actions",
            Self::Reporting => "reporting",
        }
    }

    /// The prompt of this stage: its task, the request, and the answer of the stage before it.
    #[must_use]
    pub fn prompt(self, request: &str, previous: Option<&str>) -> String {
        let previous = previous.map(|answer| format!("\n\nThe stage before found:\n{answer}"));
        format!("{}\n\nThe request:\n{request}{}", self.task(), previous.unwrap_or_default())
    }

    fn task(self) -> &'static str {
        match self {
            Self::Triage => "Classify the request and say in two sentences what answering it needs.",
            Self::Data => {
                "Name the metrics and records that bear on the request, one line each, at most five."
            }
            Self::Optimization => "Propose up to three improvements with the effect to expect of each.",
            Self::Actions => "Turn the proposals into numbered steps that an engineer can carry out.",
            Self::Reporting => "Write the answer to the user in at most one paragraph.",
        }
    }
}

impl fmt::Display for AgentStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The result of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReport {
    /// The stage.
    pub stage: AgentStage,
    /// The model's answer.
    pub completion: Completion,
}

/// The result of all stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentReport {
    /// The stages, in the order of execution.
    pub stages: Vec<StageReport>,
    /// The wait for a free place among the concurrent runs.
    pub queued: Duration,
    /// From the first stage's prompt to the last stage's answer.
    pub time: Duration,
}

impl AgentReport {
    /// The answer for the user: that of the last stage.
    #[must_use]
    pub fn answer(&self) -> &str {
        self.stages.last().map_or("", |stage| &stage.completion.text)
    }

    /// Tokens of all answers.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.stages.iter().map(|stage| stage.completion.tokens).sum()
    }

    /// Requests sent to the model, retries included.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.stages.iter().map(|stage| stage.completion.attempts).sum()
    }
}

/// Why a run ended without a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The request contains no text.
    #[error("the request is empty: say what the agent should do")]
    EmptyRequest,
    /// A stage got no answer. Later stages did not run.
    #[error("stage {stage} failed: {source}")]
    Stage {
        /// The stage that failed.
        stage: AgentStage,
        /// The stages that ran before it.
        completed: Vec<StageReport>,
        /// Why it failed.
        source: LlmError,
    },
}

/// The limits of a supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupervisorConfig {
    /// The maximum number of concurrent runs, and so of concurrent requests to the model. Further runs wait in order of
    /// arrival; 0 counts as 1.
    pub concurrency: usize,
}

impl Default for SupervisorConfig {
    fn default() -> Self {
        Self { concurrency: 16 }
    }
}

/// Runs requests through all stages. Clones share the limit of concurrent runs.
#[derive(Debug, Clone)]
pub struct Supervisor {
    llm: Llm,
    permits: Arc<Semaphore>,
}

impl Supervisor {
    /// A supervisor whose stages ask `llm`.
    #[must_use]
    pub fn new(llm: Llm, config: SupervisorConfig) -> Self {
        let permits = config.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self { llm, permits: Arc::new(Semaphore::new(permits)) }
    }

    /// The client that the stages use.
    #[must_use]
    pub fn llm(&self) -> &Llm {
        &self.llm
    }

    /// Waits for a permit, then runs every stage. Each stage has the deadline and the attempts of the [`Llm`]'s
    /// configuration. Dropping the future returns the permit and ends the current request.
    ///
    /// # Errors
    /// `request` is empty, or a stage got no answer: the first such stage ends the run.
    ///
    /// # Panics
    /// Never: the semaphore is not closed.
    pub async fn run(&self, request: &str) -> Result<AgentReport, AgentError> {
        if request.trim().is_empty() {
            return Err(AgentError::EmptyRequest);
        }
        let arrived = Instant::now();
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let started = Instant::now();
        let stages = self.run_stages(request).await?;
        Ok(AgentReport { stages, queued: started - arrived, time: started.elapsed() })
    }

    async fn run_stages(&self, request: &str) -> Result<Vec<StageReport>, AgentError> {
        let mut completed: Vec<StageReport> = Vec::with_capacity(AgentStage::ALL.len());
        for stage in AgentStage::ALL {
            let previous = completed.last().map(|report| report.completion.text.as_str());
            match self.llm.complete(&stage.prompt(request, previous)).await {
                Ok(completion) => completed.push(StageReport { stage, completion }),
                Err(source) => return Err(AgentError::Stage { stage, completed, source }),
            }
        }
        Ok(completed)
    }
}
