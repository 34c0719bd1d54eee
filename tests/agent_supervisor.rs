//! The supervisor: stages in order, what is handed on, where it stops, and how many runs are at work at once.

use std::time::Duration;

use backend_bench::backend::agent::{
    AgentError, Fault, LatencyProfile, Llm, SimulatedLlm, Spread, Stage, Supervisor, SupervisorConfig,
};
use futures_util::future::join_all;

fn supervisor(simulated: &SimulatedLlm, concurrency: usize) -> Supervisor {
    let config = simulated.llm_config().with_attempts(4, Duration::from_millis(1));
    Supervisor::new(Llm::new(config).expect("an HTTP client"), SupervisorConfig { concurrency })
}

#[tokio::test]
async fn stages_run_in_order_and_hand_on_their_answers() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    let report = supervisor(&simulated, 1).run("Cut our bill.").await.unwrap();
    assert_eq!(report.stages.iter().map(|stage| stage.stage).collect::<Vec<_>>(), Stage::ALL);
    let mut handed_on: Option<&str> = None;
    for stage in &report.stages {
        let prompt = stage.stage.prompt("Cut our bill.", handed_on);
        assert_eq!(stage.completion.text, simulated.answer_to(&prompt), "{}", stage.stage);
        handed_on = Some(&stage.completion.text);
    }
    assert_eq!((handed_on, report.attempts()), (Some(report.answer()), 5));
}

#[tokio::test]
async fn the_first_stage_that_fails_ends_the_run_and_is_named() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    simulated.serve_next(1);
    simulated.fail_next(1, Fault::status(400));
    let error = supervisor(&simulated, 1).run("Cut our bill.").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage data failed: the LLM answered HTTP 400: simulated fault (attempts: 1)"
    );
    let AgentError::Stage { stage: Stage::Data, completed, .. } = error else { panic!("{error}") };
    assert_eq!(completed.iter().map(|stage| stage.stage).collect::<Vec<_>>(), [Stage::Triage]);
    assert_eq!(simulated.requests(), 2, "no stage runs after one that failed");
}

#[tokio::test]
async fn a_stage_that_is_retried_does_not_end_the_run() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    simulated.fail_next(2, Fault::status(429));
    let report = supervisor(&simulated, 1).run("Cut our bill.").await.unwrap();
    assert_eq!((report.attempts(), simulated.requests()), (7, 7));
}

#[tokio::test]
async fn runs_beyond_the_limit_wait_their_turn() {
    let gap = Spread { median: Duration::from_millis(1), sigma: 0.3 };
    let simulated = SimulatedLlm::start(LatencyProfile { first_token: gap, gap }, 1).await.unwrap();
    let supervisor = supervisor(&simulated, 3);
    let reports = join_all((0..12).map(|_| supervisor.run("Cut our bill."))).await;
    assert!(reports.iter().all(Result::is_ok));
    assert_eq!((simulated.most_in_flight(), simulated.requests()), (3, 60));
    assert!(reports.iter().flatten().any(|report| !report.queued.is_zero()));
}

#[tokio::test]
async fn an_empty_request_asks_nobody() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    let error = supervisor(&simulated, 0).run(" \n").await.unwrap_err();
    assert!(matches!(error, AgentError::EmptyRequest) && simulated.requests() == 0, "{error}");
}
