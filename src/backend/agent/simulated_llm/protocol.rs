//! The part of the chat completions protocol that is simulated.

use axum::response::sse::Event;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the simulated model.
pub(super) const MODEL: &str = "simulated-llm";

/// A request for an answer.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    messages: Vec<ChatMessage>,
    #[serde(default)]
    pub(super) stream: bool,
}

#[derive(Debug, Deserialize)]
struct ChatMessage {
    content: String,
}

impl ChatRequest {
    /// The last message, which is the one that is answered.
    pub(super) fn prompt(&self) -> Option<&str> {
        self.messages.last().map(|message| message.content.as_str())
    }
}

/// The body of an answer that is not streamed.
pub(super) fn completion(prompt: &str, tokens: &[&str]) -> Value {
    let message = json!({"role": "assistant", "content": tokens.concat()});
    json!({
        "id": "simulated", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": TokenUsage::new(prompt, tokens.len()),
    })
}

/// The body of an error.
pub(super) fn error(message: &str) -> Value {
    json!({"error": {"message": message, "type": "simulated_error", "param": null, "code": null}})
}

/// The event of one streamed token.
pub(super) fn token_event(token: &str) -> Event {
    event(Delta { content: Some(token) }, None, None)
}

/// The event after the last token: the reason for the end, and the number of tokens.
pub(super) fn finish_event(prompt: &str, tokens: usize) -> Event {
    event(Delta { content: None }, Some("stop"), Some(TokenUsage::new(prompt, tokens)))
}

/// The last event of a stream.
pub(super) fn done_event() -> Event {
    Event::default().data("[DONE]")
}

fn event(delta: Delta<'_>, finish_reason: Option<&'static str>, usage: Option<TokenUsage>) -> Event {
    let choices = [ChunkChoice { index: 0, delta, finish_reason }];
    let chunk =
        Chunk { id: "simulated", object: "chat.completion.chunk", created: 0, model: MODEL, choices, usage };
    Event::default().json_data(chunk).expect("text and numbers become JSON")
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'static str,
    object: &'static str,
    created: u64,
    model: &'static str,
    choices: [ChunkChoice<'a>; 1],
    usage: Option<TokenUsage>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the protocol")]
struct TokenUsage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

impl TokenUsage {
    fn new(prompt: &str, completion_tokens: usize) -> Self {
        let prompt_tokens = prompt.split_whitespace().count();
        Self { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
    }
}
