//! The API over HTTP: errors here, endpoints and limits in modules.

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

/// Method, path, content type, body; expected status and code.
type Case = (&'static str, &'static str, &'static str, &'static str, u16, &'static str);

const JSON: &str = "application/json";

const CASES: &[Case] = &[
    ("GET", "/nowhere", "", "", 404, "not_found"),
    ("DELETE", "/threads", "", "", 405, "method_not_allowed"),
    ("GET", "/agent/runs", "", "", 405, "method_not_allowed"),
    ("GET", "/threads?limit=0", "", "", 400, "bad_query"),
    ("GET", "/threads?limit=1001", "", "", 400, "bad_query"),
    ("GET", "/threads?limit=many", "", "", 400, "bad_query"),
    ("POST", "/threads", JSON, "{", 400, "bad_json"),
    ("POST", "/threads", JSON, "", 400, "bad_json"),
    ("POST", "/threads", JSON, "{}", 422, "invalid"),
    ("POST", "/threads", JSON, r#"{"title": 7}"#, 422, "invalid"),
    ("POST", "/threads", JSON, r#"{"title": "  "}"#, 422, "invalid"),
    ("POST", "/threads", JSON, r#"{"title": "x", "colour": "red"}"#, 422, "invalid"),
    ("POST", "/threads", "text/plain", r#"{"title": "x"}"#, 415, "unsupported_media_type"),
    ("POST", "/threads", "", r#"{"title": "x"}"#, 415, "unsupported_media_type"),
    ("GET", "/threads/99/messages", "", "", 404, "not_found"),
    ("GET", "/threads/x/messages", "", "", 400, "bad_path"),
    ("POST", "/threads/99/messages", JSON, r#"{"content": "x"}"#, 404, "not_found"),
    ("POST", "/threads/1/messages", JSON, r#"{"content": ""}"#, 422, "invalid"),
    ("POST", "/threads/1/messages", JSON, r#"{"content": "x", "role": "king"}"#, 422, "invalid"),
    ("POST", "/files", JSON, "{}", 415, "unsupported_media_type"),
    ("POST", "/files", "multipart/form-data", "", 415, "unsupported_media_type"),
    ("POST", "/files", "multipart/form-data; boundary=b", "nonsense", 400, "bad_body"),
    ("POST", "/files", "multipart/form-data; boundary=b", "--b--\r\n", 422, "invalid"),
    ("GET", "/analytics", "", "", 400, "bad_query"),
    ("GET", "/analytics?from_us=5&to_us=5", "", "", 400, "bad_query"),
    ("GET", "/analytics?from_us=1&to_us=2&by=day", "", "", 400, "bad_query"),
    ("PUT", "/settings", JSON, "[1]", 422, "invalid"),
    ("PUT", "/settings", JSON, r#"{"No Name": 1}"#, 422, "invalid"),
    ("POST", "/agent/runs", JSON, r#"{"request": " "}"#, 422, "invalid"),
    ("POST", "/agent/runs", JSON, r#"{"request": "x", "thread_id": 99}"#, 404, "not_found"),
    ("GET", "/ws", "", "", 400, "bad_handshake"),
];

async fn answer(platform: &Platform, case: &Case) -> (StatusCode, Value) {
    let (method, path, content_type, body, ..) = *case;
    let mut request = client().request(method.parse().unwrap(), platform.server.url(path)).body(body);
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    send(request).await
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let platform = platform().await;
    post(&platform, "/threads", &serde_json::json!({"title": "the only one"})).await;
    for case in CASES {
        let (status, body) = answer(&platform, case).await;
        assert_eq!(
            (status.as_u16(), body["error"]["code"].as_str()),
            (case.4, Some(case.5)),
            "{case:?}: {body}"
        );
        assert!(!body["error"]["message"].as_str().unwrap().is_empty(), "{case:?}: {body}");
    }
    assert_eq!(get(&platform, "/threads").await.1["threads"].as_array().unwrap().len(), 1);
    assert_eq!(uploads(&platform).len(), 0);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let platform = platform().await;
    let response = client().delete(platform.server.url("/threads")).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "GET,HEAD,POST");
}

#[tokio::test]
async fn a_file_without_a_usable_name_is_refused() {
    let platform = platform().await;
    for name in ["..", "", "///"] {
        let (status, error) = send(upload(&platform, name, b"x".to_vec())).await;
        assert_eq!(
            (status.as_u16(), error["error"]["code"].as_str()),
            (422, Some("invalid")),
            "{name:?}: {error}"
        );
    }
}
