//! What is wrong with a request is said in JSON, with the right status.

use super::*;

/// Method, path, content type, body; then status and code to expect.
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
