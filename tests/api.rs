//! What the API promises, asked of a whole platform over HTTP.

#[path = "api/bad_input.rs"]
mod bad_input;
#[path = "api/endpoints.rs"]
mod endpoints;
#[path = "api/limits.rs"]
mod limits;

use backend_bench::backend::agent::LatencyProfile;
use backend_bench::bench::Platform;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// A platform with 1,000 events and a model that answers at once.
async fn platform() -> Platform {
    Platform::start(LatencyProfile::zero(), 1_000).await.unwrap()
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// Status and JSON of the answer.
async fn send(request: RequestBuilder) -> (StatusCode, Value) {
    told(request.send().await.unwrap()).await
}

async fn told(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {status} {text}")))
}

async fn get(platform: &Platform, path: &str) -> (StatusCode, Value) {
    send(client().get(platform.server.url(path))).await
}

async fn post(platform: &Platform, path: &str, body: &Value) -> (StatusCode, Value) {
    send(client().post(platform.server.url(path)).json(body)).await
}

fn upload(platform: &Platform, name: &str, bytes: Vec<u8>) -> RequestBuilder {
    let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
    client().post(platform.server.url("/files")).multipart(form)
}

/// What is stored in the folder for uploads.
fn uploads(platform: &Platform) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(platform.folder().join("uploads")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}
