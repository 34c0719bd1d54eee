//! Every endpoint does what it is for, the WebSocket included.

use backend_bench::backend::agent::LlmFault;
use backend_bench::backend::database::corpus;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

#[tokio::test]
async fn health_tells_of_the_database() {
    let (status, health) = get(&platform().await, "/health").await;
    assert_eq!(
        (status.as_u16(), &health["status"], &health["engine"]),
        (200, &json!("ok"), &json!("sqlite"))
    );
    assert_eq!(health["pool"]["max"], 10);
}

#[tokio::test]
async fn health_fails_with_the_database() {
    let platform = platform().await;
    platform.parts.conversations.close().await.unwrap();
    let (status, error) = get(&platform, "/health").await;
    assert_eq!((status.as_u16(), &error["error"]["code"]), (500, &json!("internal")));
}

#[tokio::test]
async fn threads_are_created_and_listed_newest_first() {
    let platform = platform().await;
    let (status, first) = post(&platform, "/threads", &json!({"title": "  Why so slow? "})).await;
    assert_eq!((status.as_u16(), &first["title"]), (201, &json!("Why so slow?")));
    let second = post(&platform, "/threads", &json!({"title": "second"})).await.1;
    assert_eq!(get(&platform, "/threads").await.1, json!({"threads": [second, first]}));
}

#[tokio::test]
async fn what_was_created_is_where_the_answer_says() {
    let platform = platform().await;
    let request = client().post(platform.server.url("/threads")).json(&json!({"title": "first"}));
    let created = request.send().await.unwrap();
    assert_eq!(created.headers()["location"], "/threads/1/messages");
    assert_eq!(get(&platform, "/threads/1/messages").await.0, 200);
}

#[tokio::test]
async fn messages_belong_to_their_thread() {
    let platform = platform().await;
    for title in ["first", "second"] {
        post(&platform, "/threads", &json!({ "title": title })).await;
    }
    let (status, message) = post(&platform, "/threads/1/messages", &json!({"content": "hello"})).await;
    assert_eq!((status.as_u16(), &message["role"], &message["thread_id"]), (201, &json!("user"), &json!(1)));
    post(&platform, "/threads/1/messages", &json!({"role": "assistant", "content": "hello to you"})).await;
    let listed = get(&platform, "/threads/1/messages").await.1["messages"].clone();
    assert_eq!((&listed[0], &listed[1]["role"]), (&message, &json!("assistant")));
    assert_eq!(get(&platform, "/threads/2/messages").await.1, json!({"messages": []}));
}

#[tokio::test]
async fn files_are_stored_whole_under_a_safe_name() {
    let platform = platform().await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    let (status, stored) = send(upload(&platform, "../../my report.pdf", bytes.clone())).await;
    assert_eq!((status.as_u16(), &stored["bytes"]), (201, &json!(300_000)));
    assert_eq!(stored["name"], "my_report.pdf");
    let file = platform.folder().join("uploads").join(stored["stored_as"].as_str().unwrap());
    assert_eq!(uploads(&platform), std::slice::from_ref(&file));
    assert_eq!(std::fs::read(file).unwrap(), bytes);
}

#[tokio::test]
async fn one_name_uploaded_twice_is_two_files() {
    let platform = platform().await;
    for content in ["one", "two"] {
        send(upload(&platform, "same.txt", content.into())).await;
    }
    let mut contents: Vec<_> =
        uploads(&platform).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    contents.sort();
    assert_eq!(contents, ["one", "two"]);
}

fn events(usage: &Value) -> i64 {
    usage["models"].as_array().unwrap().iter().map(|model| model["events"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn analytics_come_from_the_cache_until_there_is_new_data() {
    let platform = platform().await;
    let path = format!("/analytics?from_us={}&to_us={}", corpus::START_US, i64::MAX);
    let first = get(&platform, &path).await.1;
    assert_eq!((events(&first), platform.parts.cache.stats().hits), (1_000, 0));
    assert_eq!((get(&platform, &path).await.1, platform.parts.cache.stats().hits), (first, 1));
    post(&platform, "/agent/runs", &json!({"request": "Why?"})).await;
    assert_eq!((events(&get(&platform, &path).await.1), platform.parts.cache.stats().hits), (1_005, 1));
}

#[tokio::test]
async fn settings_are_set_and_others_stay() {
    let platform = platform().await;
    let put = |body| send(client().put(platform.server.url("/settings")).json(&body));
    put(json!({"theme": "dark", "limits": {"tokens": 10}})).await;
    let (status, settings) = put(json!({"theme": "light"})).await;
    assert_eq!(status, 200);
    assert_eq!(settings, json!({"theme": "light", "limits": {"tokens": 10}}));
    assert_eq!(get(&platform, "/settings").await.1, settings);
}

#[tokio::test]
async fn a_run_answers_and_is_kept_in_its_thread() {
    let platform = platform().await;
    post(&platform, "/threads", &json!({"title": "costs"})).await;
    let run = json!({"request": "Our bill doubled.", "thread_id": 1});
    let (status, report) = post(&platform, "/agent/runs", &run).await;
    assert_eq!((status.as_u16(), report["stages"].as_array().unwrap().len()), (200, 5));
    let messages = get(&platform, "/threads/1/messages").await.1["messages"].clone();
    assert_eq!(
        (&messages[0]["content"], &messages[0]["role"]),
        (&json!("Our bill doubled."), &json!("user"))
    );
    assert_eq!((&messages[1]["content"], &messages[1]["role"]), (&report["answer"], &json!("assistant")));
}

#[tokio::test]
async fn a_model_that_fails_is_not_blamed_on_the_client() {
    let platform = platform().await;
    platform.llm.fail_next(1, LlmFault::status(400));
    let (status, error) = post(&platform, "/agent/runs", &json!({"request": "Why?"})).await;
    assert_eq!((status.as_u16(), &error["error"]["code"]), (502, &json!("model_failed")));
    assert!(error["error"]["message"].as_str().unwrap().contains("stage triage failed"), "{error}");
    assert_eq!(platform.parts.events.count_events().await.unwrap(), 1_000);
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(platform: &Platform) -> Socket {
    connect_async(platform.server.websocket_url()).await.unwrap().0
}

async fn say(socket: &mut Socket, command: &Value) -> Value {
    socket.send(command.to_string().into()).await.unwrap();
    hear(socket).await
}

async fn hear(socket: &mut Socket) -> Value {
    serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_run_is_told_to_its_room() {
    let platform = platform().await;
    let mut socket = connect(&platform).await;
    assert_eq!(say(&mut socket, &json!({"join": "costs"})).await, json!({"joined": "costs"}));
    let run = json!({"request": "Our bill doubled.", "room": "costs"});
    let (_, report) = post(&platform, "/agent/runs", &run).await;
    assert_eq!(hear(&mut socket).await["message"], json!({"room": "costs", "payload": report}));
    assert_eq!(get(&platform, "/health").await.1["websockets"], 1);
}

#[tokio::test]
async fn shutdown_says_goodbye_to_sockets() {
    let platform = platform().await;
    let mut socket = connect(&platform).await;
    assert_eq!(say(&mut socket, &json!("ping")).await, json!("pong"));
    let ended = tokio::spawn(async move { socket.next().await.unwrap().unwrap() });
    platform.shutdown().await.unwrap();
    assert!(ended.await.unwrap().is_close());
}

#[tokio::test]
async fn a_handshake_without_a_header_is_refused() {
    const HEADERS: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let platform = platform().await;
    for (missing, _) in HEADERS {
        let url = client().get(platform.server.url("/ws"));
        let given = HEADERS.iter().filter(|(name, _)| *name != missing);
        let (status, error) =
            send(given.fold(url, |request, (name, value)| request.header(*name, *value))).await;
        assert_eq!((status.as_u16(), &error["error"]["code"]), (400, &json!("bad_handshake")), "{missing}");
        assert!(error["error"]["message"].as_str().unwrap().to_lowercase().contains(missing), "{error}");
    }
    // The example of RFC 6455, section 1.3.
    let all = HEADERS.iter().fold(client().get(platform.server.url("/ws")), |request, (name, value)| {
        request.header(*name, *value)
    });
    let response = all.send().await.unwrap();
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
