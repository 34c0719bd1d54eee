//! The client of a language model: deadline, attempts, streaming, and a key that nothing shows.

use std::time::Duration;

use backend_bench::backend::agent::{
    Completion, Fault, LatencyProfile, Llm, LlmCause, LlmConfig, LlmError, SimulatedLlm, Spread,
};

async fn simulated() -> SimulatedLlm {
    SimulatedLlm::start(LatencyProfile::zero(), 1).await.expect("a loopback port")
}

/// A client of `simulated` with short waits, changed by `change`.
fn client(simulated: &SimulatedLlm, change: impl FnOnce(LlmConfig) -> LlmConfig) -> Llm {
    let config = simulated.llm_config().with_attempts(4, Duration::from_millis(1));
    Llm::new(change(config)).expect("an HTTP client")
}

/// What comes of one prompt after `times` requests that meet `fault`.
async fn after(times: usize, fault: Fault) -> (Result<Completion, LlmError>, u64) {
    let simulated = simulated().await;
    simulated.fail_next(times, fault);
    let llm = client(&simulated, |config| config);
    let outcome = llm.complete("Hello?").await;
    assert_eq!(llm.attempts(), simulated.requests(), "each attempt is one request, and all are counted");
    (outcome, llm.attempts())
}

#[tokio::test]
async fn an_answer_streams_in_pieces_and_is_whole() {
    let gap = Spread { median: Duration::from_millis(2), sigma: 0.0 };
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
        let (outcome, attempts) = after(2, Fault::status(code)).await;
        assert_eq!((outcome.unwrap().attempts, attempts), (3, 3), "HTTP {code}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_is_no_answer_and_is_retried() {
    assert_eq!(after(1, Fault::CutOff).await.0.unwrap().attempts, 2);
    let error = after(9, Fault::CutOff).await.0.unwrap_err();
    assert!(
        matches!(error, LlmError::Failed { cause: LlmCause::BrokenOff { pieces: 1.. }, attempts: 4 }),
        "{error}"
    );
}

#[tokio::test]
async fn a_400_is_not_retried() {
    for code in [400, 401, 404, 307] {
        let (outcome, attempts) = after(1, Fault::status(code)).await;
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(&format!("HTTP {code}: simulated fault")) && attempts == 1, "{error}");
    }
}

#[tokio::test]
async fn the_last_attempt_gives_up_with_the_status_and_the_count() {
    let (outcome, attempts) = after(9, Fault::status(503)).await;
    let error = outcome.unwrap_err();
    let cause = LlmCause::Status { status: 503, retry_after: None, message: "simulated fault".to_owned() };
    assert_eq!((error, attempts), (LlmError::Failed { cause, attempts: 4 }, 4));
}

#[tokio::test]
async fn the_deadline_covers_silence_before_and_within_an_answer() {
    for fault in [Fault::Hang, Fault::HangMidway] {
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
    let wait = |seconds| Fault::Status { code: 429, retry_after: Some(Duration::from_secs(seconds)) };
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
    simulated.fail_next(1, Fault::status(401));
    let error = llm.complete("Hello?").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "the server echoed the key: {error}");
    assert!(error.to_string().contains("[redacted]"), "{error}");
}
