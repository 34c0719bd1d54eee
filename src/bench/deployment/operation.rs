//! What a user of a deployment does: one request, one exchange on a WebSocket, or both.

use reqwest::Method;

/// What stands in a text for the user's number.
const USER: &str = "{user}";

/// What stands in a text for how many operations the user has begun.
const TURN: &str = "{turn}";

/// One operation of a mix. Its message is sent first, then its request, and its reply is waited for at the end: a chat
/// joins a room, asks, and hears the answer there.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The name in the mix, and in the ids of benchmarks.
    pub name: String,
    /// Its share of the mix.
    pub percent: f64,
    /// The request, where there is one.
    pub http: Option<Http>,
    /// The message to send on the user's WebSocket, where there is one.
    pub send: Option<String>,
    /// What a message has to contain that ends the operation.
    pub reply: Option<String>,
}

/// A request, and what has to answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// The path behind the base, with its query.
    pub path: String,
    /// The body, and its type.
    pub body: Option<(String, String)>,
    /// The status that is expected. Redirects are not followed.
    pub status: u16,
    /// What the answer has to contain.
    pub contains: Option<String>,
}

impl Plan {
    /// Whether it uses the user's WebSocket.
    #[must_use]
    pub fn talks(&self) -> bool {
        self.send.is_some() || self.reply.is_some()
    }

    /// What it sends, in requests that a cap on their rate counts.
    #[must_use]
    pub fn requests(&self) -> u32 {
        u32::from(self.http.is_some()) + u32::from(self.send.is_some())
    }
}

/// `text` for this user and turn.
pub(super) fn filled(text: &str, user: usize, turn: usize) -> String {
    text.replace(USER, &user.to_string()).replace(TURN, &turn.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_in_and_other_braces_left() {
        assert_eq!(filled(r#"{"join":"room-{user}","n":{turn}}"#, 7, 3), r#"{"join":"room-7","n":3}"#);
    }
}
