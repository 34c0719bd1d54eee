//! Requests to the API by a client that keeps its connection.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::json;

use super::stage::{IoRow, IoWork, Stage};
use backend_bench::backend::database::corpus;

pub(super) const ROWS: &[IoRow] = &[
    ("http_health", health),
    ("http_threads", threads),
    ("http_analytics", analytics),
    ("http_messages", messages),
];

/// A client with the address of the API.
struct Api {
    client: Client,
    url: String,
}

impl Api {
    fn new(stage: &Stage<'_>) -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let client = client.unwrap_or_else(|error| panic!("no HTTP client: {error}"));
        Self { client, url: stage.platform.server.url("") }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    fn post(&self, path: &str, body: &serde_json::Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).json(body)
    }
}

/// Sends one request a unit and reads its answer to the end.
fn each(stage: &Stage<'_>, request: impl Fn(&Api) -> RequestBuilder + 'static) -> IoWork<'static> {
    let (api, handle) = (Api::new(stage), stage.handle());
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                answer(request(&api)).await;
            }
        });
    })
}

async fn answer(request: RequestBuilder) {
    let body = async { request.send().await?.error_for_status()?.bytes().await };
    let body = body.await.unwrap_or_else(|error| panic!("the API did not answer: {error}"));
    assert!(body.starts_with(b"{"), "the API answered {body:?}");
}

fn health(stage: &Stage<'_>) -> IoWork<'static> {
    each(stage, |api| api.get("/health"))
}

fn threads(stage: &Stage<'_>) -> IoWork<'static> {
    add_thread(stage);
    each(stage, |api| api.get("/threads?limit=20"))
}

fn analytics(stage: &Stage<'_>) -> IoWork<'static> {
    let range = corpus::window(0, 500);
    each(stage, move |api| api.get(&format!("/analytics?from_us={}&to_us={}", range.start, range.end)))
}

fn messages(stage: &Stage<'_>) -> IoWork<'static> {
    add_thread(stage);
    each(stage, |api| api.post("/threads/1/messages", &json!({"content": "What should we look at first?"})))
}

fn add_thread(stage: &Stage<'_>) {
    let added = stage.runtime.block_on(stage.platform.parts.conversations.create_thread("latency"));
    assert!(added.is_ok(), "{added:?}");
}
