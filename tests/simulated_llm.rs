//! The simulated model as a server, seen by a client that is not ours.

use std::time::Duration;

use backend_bench::backend::agent::{Fault, LatencyProfile, SimulatedLlm};
use serde_json::{Value, json};

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
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    let whole: Value = post(&simulated, asking("Hello?", false)).await.json().await.unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], simulated.answer_to("Hello?"));
    let streamed = post(&simulated, asking("Hello?", true)).await.text().await.unwrap();
    assert!(streamed.starts_with("data: {") && streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
    assert!(streamed.contains("\"finish_reason\":\"stop\""), "{streamed}");
}

#[tokio::test]
async fn a_request_without_messages_is_refused() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    let response = post(&simulated, json!({"messages": []})).await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("messages is empty"));
}

#[tokio::test]
async fn faults_are_met_once_each_and_can_be_taken_back() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    simulated.fail_next(1, Fault::status(500));
    simulated.fail_next(5, Fault::Status { code: 429, retry_after: Some(Duration::from_secs(2)) });
    assert_eq!(post(&simulated, asking("Hello?", true)).await.status(), 500);
    let limited = post(&simulated, asking("Hello?", true)).await;
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"2".parse().unwrap()));
    simulated.recover();
    assert_eq!(post(&simulated, asking("Hello?", true)).await.status(), 200);
}

#[tokio::test]
async fn shutdown_ends_answers_that_hang_and_closes_the_port() {
    let simulated = SimulatedLlm::start(LatencyProfile::zero(), 1).await.unwrap();
    simulated.fail_next(1, Fault::HangMidway);
    let hanging = post(&simulated, asking("Hello?", true)).await;
    let url = simulated.base_url();
    simulated.shutdown().await;
    assert!(!hanging.text().await.unwrap_or_default().contains("[DONE]"));
    assert!(reqwest::get(url).await.unwrap_err().is_connect());
}
