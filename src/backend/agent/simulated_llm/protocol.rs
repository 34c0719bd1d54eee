//! The chat completions protocol, as far as it is simulated.

use serde::{Deserialize, Serialize};
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

/// A whole answer in one piece.
pub(super) fn whole(prompt: &str, tokens: &[&str]) -> Value {
    let message = json!({"role": "assistant", "content": tokens.concat()});
    json!({
        "id": "simulated", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": Usage::of(prompt, tokens.len()),
    })
}

/// An error's body.
pub(super) fn error(message: &str) -> Value {
    json!({"error": {"message": message, "type": "simulated_error", "param": null, "code": null}})
}

/// The last event of a stream.
pub(super) const DONE: &[u8] = b"data: [DONE]\n\n";

/// Events of a stream, which are the same every time but for one value: made once, so that a simulated token costs the
/// processor little.
#[derive(Debug)]
pub(super) struct Events {
    piece: Event,
    finish: Event,
}

impl Events {
    pub(super) fn new() -> Self {
        let piece = json!([{"index": 0, "delta": {"content": PLACE}, "finish_reason": null}]);
        let finish = json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]);
        Self {
            piece: Event::new(&chunk(&piece, &Value::Null)),
            finish: Event::new(&chunk(&finish, &json!(PLACE))),
        }
    }

    /// Appends one streamed piece of text.
    pub(super) fn piece(&self, text: &str, stream: &mut Vec<u8>) {
        self.piece.with(&text, stream);
    }

    /// Appends the streamed word that the answer is whole, with its size.
    pub(super) fn finish(&self, prompt: &str, tokens: usize, stream: &mut Vec<u8>) {
        self.finish.with(&Usage::of(prompt, tokens), stream);
    }
}

/// What stands for the value that changes.
const PLACE: &str = "{place}";

/// What stands before the value, and what after it.
#[derive(Debug)]
struct Event([String; 2]);

impl Event {
    fn new(data: &Value) -> Self {
        let event = format!("data: {data}\n\n");
        let place = format!("\"{PLACE}\"");
        let (before, after) = event.split_once(&place).expect("the place of the value");
        Self([before.to_owned(), after.to_owned()])
    }

    fn with(&self, value: &impl Serialize, stream: &mut Vec<u8>) {
        let [before, after] = &self.0;
        stream.extend_from_slice(before.as_bytes());
        serde_json::to_writer(&mut *stream, value)
            .expect("text and numbers become JSON, and memory takes it");
        stream.extend_from_slice(after.as_bytes());
    }
}

fn chunk(choices: &Value, usage: &Value) -> Value {
    json!({
        "id": "simulated", "object": "chat.completion.chunk", "created": 0, "model": MODEL,
        "choices": choices, "usage": usage,
    })
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the protocol calls them so")]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

impl Usage {
    fn of(prompt: &str, tokens: usize) -> Self {
        let asked = prompt.split_whitespace().count();
        Self { prompt_tokens: asked, completion_tokens: tokens, total_tokens: asked + tokens }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(append: impl FnOnce(&mut Vec<u8>)) -> Value {
        let mut stream = Vec::new();
        append(&mut stream);
        let event = String::from_utf8(stream).unwrap();
        let data = event.strip_prefix("data: ").and_then(|event| event.strip_suffix("\n\n"));
        serde_json::from_str(data.expect("one event")).unwrap()
    }

    #[test]
    fn events_hold_what_changes_as_json() {
        let piece = data(|stream| Events::new().piece("a \"b\"\n", stream));
        assert_eq!(piece["choices"][0]["delta"]["content"], "a \"b\"\n");
        let finish = data(|stream| Events::new().finish("two words", 9, stream));
        assert_eq!(finish["choices"][0]["finish_reason"], "stop");
        assert_eq!(finish["usage"], json!({"prompt_tokens": 2, "completion_tokens": 9, "total_tokens": 11}));
    }
}
