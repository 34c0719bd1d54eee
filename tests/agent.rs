//! The agent: the client of a language model, the supervisor, and the simulated model as a server.

use std::time::Duration;

use backend_bench::backend::agent::{
    AgentError, AgentStage, Completion, LatencyProfile, Llm, LlmCause, LlmConfig, LlmError, LlmFault,
    LogNormal, SimulatedLlm, Supervisor, SupervisorConfig,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn simulated() -> SimulatedLlm {
    SimulatedLlm::start(LatencyProfile::zero(), 1).await.expect("a loopback port")
}

/// A client of `simulated` with short waits, changed by `change`.
fn client(simulated: &SimulatedLlm, change: impl FnOnce(LlmConfig) -> LlmConfig) -> Llm {
    let config = simulated.llm_config().with_attempts(4, Duration::from_millis(1));
    Llm::new(change(config)).expect("an HTTP client")
}

/// The outcome of a prompt whose first `times` requests get `fault`, and the number of attempts.
async fn after(times: usize, fault: LlmFault) -> (Result<Completion, LlmError>, u64) {
    let simulated = simulated().await;
    simulated.fail_next(times, fault);
    let llm = client(&simulated, |config| config);
    let outcome = llm.complete("Hello?").await;
    assert_eq!(llm.attempts(), simulated.requests(), "each attempt is one request, and all are counted");
    (outcome, llm.attempts())
}

#[tokio::test]
async fn an_answer_streams_in_pieces_and_is_whole() {
    let gap = LogNormal { median: Duration::from_millis(2), sigma: 0.0 };
    let simulated = SimulatedLlm::start(LatencyProfile { first_token: gap, gap }, 1).await.unwrap();
    let completion = client(&simulated, |config| config).complete("Hello?").await.unwrap();
    assert_eq!(completion.text, simulated.answer_to("Hello?"));
    assert!(completion.pieces > 1 && completion.tokens == completion.pieces, "{completion:?}");
    assert!(completion.time_to_first_token < completion.time, "{completion:?}");
    assert_eq!(completion.attempts, 1);
}

#[tokio::test]
async fn a_429_and_a_500_are_retried_until_they_pass() {
    for code in [429, 500, 503] {
        let (outcome, attempts) = after(2, LlmFault::status(code)).await;
        assert_eq!((outcome.unwrap().attempts, attempts), (3, 3), "HTTP {code}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_is_no_answer_and_is_retried() {
    assert_eq!(after(1, LlmFault::CutOff).await.0.unwrap().attempts, 2);
    let error = after(9, LlmFault::CutOff).await.0.unwrap_err();
    assert!(
        matches!(error, LlmError::Failed { cause: LlmCause::BrokenOff { pieces: 1.. }, attempts: 4 }),
        "{error}"
    );
}

#[tokio::test]
async fn a_400_is_not_retried() {
    for code in [400, 401, 404, 307] {
        let (outcome, attempts) = after(1, LlmFault::status(code)).await;
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(&format!("HTTP {code}: simulated fault")) && attempts == 1, "{error}");
    }
}

#[tokio::test]
async fn the_last_attempt_gives_up_with_the_status_and_the_count() {
    let (outcome, attempts) = after(9, LlmFault::status(503)).await;
    let error = outcome.unwrap_err();
    let cause = LlmCause::Status { status: 503, retry_after: None, message: "simulated fault".to_owned() };
    assert_eq!((error, attempts), (LlmError::Failed { cause, attempts: 4 }, 4));
}

#[tokio::test]
async fn the_deadline_covers_silence_before_and_within_an_answer() {
    for fault in [LlmFault::Hang, LlmFault::HangMidway] {
        let simulated = simulated().await;
        simulated.fail_next(1, fault);
        let deadline = Duration::from_millis(50);
        let llm = client(&simulated, |config| config.with_deadline(deadline));
        assert_eq!(
            llm.complete("Hello?").await,
            Err(LlmError::Deadline { deadline, attempts: 1 }),
            "{fault:?}"
        );
        assert!(llm.complete("Hello?").await.is_ok(), "the next request is served");
        simulated.shutdown().await;
    }
}

#[tokio::test]
async fn a_retry_after_is_honoured_unless_it_passes_the_deadline() {
    let simulated = simulated().await;
    let wait = |seconds| LlmFault::Status { code: 429, retry_after: Some(Duration::from_secs(seconds)) };
    let llm = client(&simulated, |config| config);
    simulated.fail_next(1, wait(1));
    assert!(llm.complete("Hello?").await.unwrap().time >= Duration::from_secs(1));
    simulated.fail_next(1, wait(3_600));
    let error = llm.complete("Hello?").await.unwrap_err();
    assert!(error.to_string().contains("HTTP 429") && error.attempts() == 1, "no use in waiting: {error}");
}

#[tokio::test]
async fn a_refused_connection_is_retried_and_named() {
    let simulated = simulated().await;
    let llm = client(&simulated, |config| config.with_attempts(2, Duration::from_millis(1)));
    simulated.shutdown().await;
    let error = llm.complete("Hello?").await.unwrap_err();
    assert!(matches!(error, LlmError::Failed { cause: LlmCause::Connection(_), attempts: 2 }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn one_attempt_is_made_where_none_are_allowed() {
    let simulated = simulated().await;
    let llm = client(&simulated, |config| config.with_attempts(0, Duration::from_millis(1)));
    assert_eq!(llm.complete("Hello?").await.unwrap().attempts, 1);
}

#[tokio::test]
async fn the_key_is_in_no_debug_output_and_no_error() {
    const KEY: &str = "simulated fault";
    let simulated = simulated().await;
    let llm = client(&simulated, |config| config.with_api_key(KEY).unwrap());
    assert!(!format!("{llm:#?}").contains(KEY), "Debug shows the key");
    simulated.fail_next(1, LlmFault::status(401));
    let error = llm.complete("Hello?").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "the server echoed the key: {error}");
    assert!(error.to_string().contains("[redacted]"), "{error}");
}

fn supervisor(simulated: &SimulatedLlm, concurrency: usize) -> Supervisor {
    Supervisor::new(client(simulated, |config| config), SupervisorConfig { concurrency })
}

#[tokio::test]
async fn stages_run_in_order_and_hand_on_their_answers() {
    let simulated = simulated().await;
    let report = supervisor(&simulated, 1).run("Cut our bill.").await.unwrap();
    assert_eq!(report.stages.iter().map(|stage| stage.stage).collect::<Vec<_>>(), AgentStage::ALL);
    let mut previous: Option<&str> = None;
    for stage in &report.stages {
        let prompt = stage.stage.prompt("Cut our bill.", previous);
        assert_eq!(stage.completion.text, simulated.answer_to(&prompt), "{}", stage.stage);
        previous = Some(&stage.completion.text);
    }
    assert_eq!((previous, report.attempts()), (Some(report.answer()), 5));
}

#[tokio::test]
async fn the_first_stage_that_fails_ends_the_run_and_is_named() {
    let simulated = simulated().await;
    simulated.serve_next(1);
    simulated.fail_next(1, LlmFault::status(400));
    let error = supervisor(&simulated, 1).run("Cut our bill.").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stage data failed: the LLM answered HTTP 400: simulated fault (attempts: 1)"
    );
    let AgentError::Stage { stage: AgentStage::Data, completed, .. } = error else { panic!("{error}") };
    assert_eq!(completed.iter().map(|stage| stage.stage).collect::<Vec<_>>(), [AgentStage::Triage]);
    assert_eq!(simulated.requests(), 2, "no stage runs after one that failed");
}

#[tokio::test]
async fn a_stage_that_is_retried_does_not_end_the_run() {
    let simulated = simulated().await;
    simulated.fail_next(2, LlmFault::status(429));
    let report = supervisor(&simulated, 1).run("Cut our bill.").await.unwrap();
    assert_eq!((report.attempts(), simulated.requests()), (7, 7));
}

#[tokio::test]
async fn runs_beyond_the_limit_wait_their_turn() {
    let gap = LogNormal { median: Duration::from_millis(1), sigma: 0.3 };
    let simulated = SimulatedLlm::start(LatencyProfile { first_token: gap, gap }, 1).await.unwrap();
    let supervisor = supervisor(&simulated, 3);
    let reports = join_all((0..12).map(|_| supervisor.run("Cut our bill."))).await;
    assert!(reports.iter().all(Result::is_ok));
    assert_eq!((simulated.most_in_flight(), simulated.requests()), (3, 60));
    assert!(reports.iter().flatten().any(|report| !report.queued.is_zero()));
}

#[tokio::test]
async fn an_empty_request_is_refused_without_a_call() {
    let simulated = simulated().await;
    let error = supervisor(&simulated, 0).run(" \n").await.unwrap_err();
    assert!(matches!(error, AgentError::EmptyRequest) && simulated.requests() == 0, "{error}");
}

async fn post(simulated: &SimulatedLlm, body: Value) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/chat/completions", simulated.base_url());
    client.post(url).json(&body).timeout(Duration::from_secs(20)).send().await.expect("an answer")
}

fn asking(prompt: &str, stream: bool) -> Value {
    json!({"model": "any", "stream": stream, "messages": [{"role": "user", "content": prompt}]})
}

#[tokio::test]
async fn an_answer_comes_streamed_or_whole() {
    let simulated = simulated().await;
    let whole: Value = post(&simulated, asking("Hello?", false)).await.json().await.unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], simulated.answer_to("Hello?"));
    let streamed = post(&simulated, asking("Hello?", true)).await.text().await.unwrap();
    assert!(streamed.starts_with("data: {") && streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
    assert!(streamed.contains("\"finish_reason\":\"stop\""), "{streamed}");
}

#[tokio::test]
async fn a_request_without_messages_is_refused() {
    let simulated = simulated().await;
    let response = post(&simulated, json!({"messages": []})).await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("messages is empty"));
}

#[tokio::test]
async fn faults_are_met_once_each_and_can_be_taken_back() {
    let simulated = simulated().await;
    simulated.fail_next(1, LlmFault::status(500));
    simulated.fail_next(5, LlmFault::Status { code: 429, retry_after: Some(Duration::from_secs(2)) });
    assert_eq!(post(&simulated, asking("Hello?", true)).await.status(), 500);
    let limited = post(&simulated, asking("Hello?", true)).await;
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"2".parse().unwrap()));
    simulated.recover();
    assert_eq!(post(&simulated, asking("Hello?", true)).await.status(), 200);
}

#[tokio::test]
async fn shutdown_ends_answers_that_hang_and_closes_the_port() {
    let simulated = simulated().await;
    simulated.fail_next(1, LlmFault::HangMidway);
    let hanging = post(&simulated, asking("Hello?", true)).await;
    let url = simulated.base_url();
    simulated.shutdown().await;
    assert!(!hanging.text().await.unwrap_or_default().contains("[DONE]"));
    assert!(reqwest::get(url).await.unwrap_err().is_connect());
}
