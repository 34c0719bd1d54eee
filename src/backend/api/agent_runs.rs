//! `POST /agent/runs`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::app::App;
use super::conversations::require_thread;
use super::error::ApiError;
use super::error::Checked;
use crate::backend::agent::{AgentError, AgentReport, StageReport};
use crate::backend::database::{Event, Role, now_us};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunRequest {
    request: String,
    /// The thread that gets request and answer.
    thread_id: Option<i64>,
    /// The room that gets the report.
    room: Option<String>,
}

#[derive(Serialize)]
pub(super) struct RunResponse {
    answer: String,
    tokens: u32,
    attempts: u32,
    queued_ms: f64,
    time_ms: f64,
    stages: Vec<StageResponse>,
}

#[derive(Serialize)]
struct StageResponse {
    stage: &'static str,
    tokens: u32,
    time_ms: f64,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Checked(Json(run)): Checked<Json<RunRequest>>,
) -> Result<Json<RunResponse>, ApiError> {
    if run.request.trim().is_empty() {
        return Err(AgentError::EmptyRequest.into());
    }
    if let Some(thread) = run.thread_id {
        require_thread(&app, thread).await?;
        app.parts.conversations.add_message(thread, Role::User, &run.request).await?;
    }
    let report = app.parts.agent.run(&run.request).await?;
    publish(&app, &run, &report).await?;
    Ok(Json(RunResponse::new(&report)))
}

/// Stores the run's events, adds the answer to its thread, and publishes the report to its room.
async fn publish(app: &App, run: &RunRequest, report: &AgentReport) -> Result<(), ApiError> {
    store_events(app, run.thread_id, report).await?;
    if let Some(thread) = run.thread_id {
        app.parts.conversations.add_message(thread, Role::Assistant, report.answer()).await?;
    }
    if let Some(room) = &run.room {
        let published = app.parts.broadcaster.publish(room, &RunResponse::new(report));
        published.map_err(ApiError::internal)?;
    }
    Ok(())
}

/// Stores one event a stage, and invalidates cached analytics.
async fn store_events(app: &App, thread: Option<i64>, report: &AgentReport) -> Result<(), ApiError> {
    let model = &app.parts.agent.llm().config().model;
    let ids = app.event_ids(report.stages.len());
    let event = |(id, stage)| event(id, thread.unwrap_or_default(), model, stage);
    let events: Vec<_> = ids.zip(&report.stages).map(event).collect();
    app.parts.events.insert_events(&events).await?;
    app.generation.fetch_add(1, Ordering::Release);
    Ok(())
}

/// Input tokens and cost are 0: the client does not learn them from the model.
fn event(id: i64, thread_id: i64, model: &str, StageReport { stage, completion }: &StageReport) -> Event {
    Event {
        id,
        thread_id,
        workload: stage.name().to_owned(),
        model: model.to_owned(),
        input_tokens: 0,
        output_tokens: completion.tokens.into(),
        latency_ms: milliseconds(completion.time),
        cost_usd: 0.0,
        payload: format!(r#"{{"attempts":{},"pieces":{}}}"#, completion.attempts, completion.pieces),
        at_us: now_us(),
    }
}

impl RunResponse {
    fn new(report: &AgentReport) -> Self {
        let stage = |StageReport { stage, completion }: &StageReport| StageResponse {
            stage: stage.name(),
            tokens: completion.tokens,
            time_ms: milliseconds(completion.time),
        };
        Self {
            answer: report.answer().to_owned(),
            tokens: report.tokens(),
            attempts: report.attempts(),
            queued_ms: milliseconds(report.queued),
            time_ms: milliseconds(report.time),
            stages: report.stages.iter().map(stage).collect(),
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
