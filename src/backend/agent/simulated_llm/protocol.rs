//! The chat completions protocol, as far as it is simulated.

use serde::Deserialize;
use serde_json::{Value, json};

/// The name that the simulated model goes by.
pub(super) const MODEL: &str = "simulated-llm";

/// A request for an answer.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    messages: Vec<Message>,
    #[serde(default)]
    pub(super) stream: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: String,
}

impl ChatRequest {
    /// What is answered: the last message.
    pub(super) fn prompt(&self) -> Option<&str> {
        self.messages.last().map(|message| message.content.as_str())
    }
}

/// One streamed piece of text.
pub(super) fn piece(text: &str) -> Value {
    chunk(&json!([{"index": 0, "delta": {"content": text}, "finish_reason": null}]), &Value::Null)
}

/// The streamed word that the answer is whole, with its size.
pub(super) fn finish(prompt: &str, tokens: usize) -> Value {
    chunk(&json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]), &usage(prompt, tokens))
}

/// A whole answer in one piece.
pub(super) fn whole(prompt: &str, tokens: &[String]) -> Value {
    let message = json!({"role": "assistant", "content": tokens.concat()});
    json!({
        "id": "simulated", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage(prompt, tokens.len()),
    })
}

/// An error's body.
pub(super) fn error(message: &str) -> Value {
    json!({"error": {"message": message, "type": "simulated_error", "param": null, "code": null}})
}

fn chunk(choices: &Value, usage: &Value) -> Value {
    json!({
        "id": "simulated", "object": "chat.completion.chunk", "created": 0, "model": MODEL,
        "choices": choices, "usage": usage,
    })
}

fn usage(prompt: &str, tokens: usize) -> Value {
    let asked = prompt.split_whitespace().count();
    json!({"prompt_tokens": asked, "completion_tokens": tokens, "total_tokens": asked + tokens})
}
