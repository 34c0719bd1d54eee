//! `POST /agent/runs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::App;
use super::error::ApiError;
use super::extract::Json;
use super::messages::must_exist;
use crate::backend::agent::{AgentError, AgentReport, StageReport};
use crate::backend::database::{Event, Role, now_us};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRun {
    request: String,
    /// The thread that request and answer are added to.
    thread_id: Option<i64>,
    /// The room that the report is published to.
    room: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Run {
    answer: String,
    tokens: u32,
    attempts: u32,
    queued_ms: f64,
    time_ms: f64,
    stages: Vec<StageRun>,
}

#[derive(Serialize)]
struct StageRun {
    stage: &'static str,
    tokens: u32,
    time_ms: f64,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Json(new): Json<NewRun>,
) -> Result<axum::Json<Run>, ApiError> {
    if new.request.trim().is_empty() {
        return Err(AgentError::EmptyRequest.into());
    }
    ask(&app, &new).await?;
    let report = app.parts.agent.run(&new.request).await?;
    answer(&app, &new, &report).await?;
    Ok(axum::Json(Run::from(&report)))
}

/// Adds the request to the run's thread, where it has one.
async fn ask(app: &App, new: &NewRun) -> Result<(), ApiError> {
    let Some(thread) = new.thread_id else { return Ok(()) };
    must_exist(app, thread).await?;
    app.parts.conversations.add_message(thread, Role::User, &new.request).await?;
    Ok(())
}

/// Records the run, adds its answer to its thread and tells its room, where it has them.
async fn answer(app: &App, new: &NewRun, report: &AgentReport) -> Result<(), ApiError> {
    record(app, new.thread_id, report).await?;
    if let Some(thread) = new.thread_id {
        app.parts.conversations.add_message(thread, Role::Assistant, report.answer()).await?;
    }
    if let Some(room) = &new.room {
        app.parts.broadcaster.publish(room, &Run::from(report))?;
    }
    Ok(())
}

/// Stores an event for each stage, after which analytics have to be asked anew.
async fn record(app: &App, thread: Option<i64>, report: &AgentReport) -> Result<(), ApiError> {
    let model = &app.parts.agent.llm().config().model;
    let ids = app.event_ids.take(report.stages.len());
    let event = |(id, stage)| event(id, thread.unwrap_or_default(), model, stage);
    let events: Vec<_> = ids.zip(&report.stages).map(event).collect();
    app.parts.events.insert_events(&events).await?;
    app.generation.fetch_add(1, Ordering::Release);
    Ok(())
}

/// Prompts are not counted and nothing is charged: the client learns neither from the model.
fn event(id: i64, thread_id: i64, model: &str, StageReport { stage, completion }: &StageReport) -> Event {
    Event {
        id,
        thread_id,
        workload: stage.name().to_owned(),
        model: model.to_owned(),
        input_tokens: 0,
        output_tokens: completion.tokens.into(),
        latency_ms: completion.time.as_secs_f64() * 1e3,
        cost_usd: 0.0,
        payload: format!(r#"{{"attempts":{},"pieces":{}}}"#, completion.attempts, completion.pieces),
        at_us: now_us(),
    }
}

impl From<&AgentReport> for Run {
    fn from(report: &AgentReport) -> Self {
        Self {
            answer: report.answer().to_owned(),
            tokens: report.tokens(),
            attempts: report.attempts(),
            queued_ms: report.queued.as_secs_f64() * 1e3,
            time_ms: report.time.as_secs_f64() * 1e3,
            stages: report.stages.iter().map(StageRun::from).collect(),
        }
    }
}

impl From<&StageReport> for StageRun {
    fn from(StageReport { stage, completion }: &StageReport) -> Self {
        Self { stage: stage.name(), tokens: completion.tokens, time_ms: completion.time.as_secs_f64() * 1e3 }
    }
}

/// Ids that rise from the time of the start, in microseconds: a restart goes on above them, as long as there is
/// less than one event a microsecond.
pub(super) struct EventIds(AtomicI64);

impl Default for EventIds {
    fn default() -> Self {
        Self(AtomicI64::new(now_us()))
    }
}

impl EventIds {
    fn take(&self, count: usize) -> std::ops::Range<i64> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let first = self.0.fetch_add(count, Ordering::Relaxed);
        first..first.saturating_add(count)
    }
}
