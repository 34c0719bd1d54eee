//! The JSON that clients and hub exchange, one object (or word) in each text message.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A request of a client. Each command is answered by one event; payloads are any JSON, passed on as they came.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command<'a> {
    /// `{"join": "room"}`: receive what is published there; answered by [`ServerEvent::Joined`].
    Join(#[serde(borrow)] Cow<'a, str>),
    /// `{"leave": "room"}`; answered by [`ServerEvent::Left`], also if the client was not in it.
    Leave(#[serde(borrow)] Cow<'a, str>),
    /// `{"publish": {"room": "room", "payload": …}}`: to all subscribers of the room, the sender too if it joined;
    /// answered by [`ServerEvent::Published`].
    Publish {
        /// The room; the sender need not be in it.
        #[serde(borrow)]
        room: Cow<'a, str>,
        /// The JSON that its subscribers receive.
        #[serde(borrow)]
        payload: &'a RawValue,
    },
    /// `{"echo": …}`; answered by [`ServerEvent::Echo`].
    Echo(#[serde(borrow)] &'a RawValue),
    /// `"ping"`; answered by [`ServerEvent::Pong`].
    Ping,
}

/// A message of the hub to a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerEvent<'a, P = &'a RawValue> {
    /// `{"joined": "room"}`
    Joined(#[serde(borrow)] Cow<'a, str>),
    /// `{"left": "room"}`
    Left(#[serde(borrow)] Cow<'a, str>),
    /// `{"published": {"room": "room", "receivers": 3}}`
    Published {
        /// The room.
        #[serde(borrow)]
        room: Cow<'a, str>,
        /// Connections whose queue took it.
        receivers: usize,
    },
    /// `{"message": {"room": "room", "payload": …}}`: a message to a room that the client is in.
    Message {
        /// The room.
        #[serde(borrow)]
        room: Cow<'a, str>,
        /// The payload, as it was published.
        payload: P,
    },
    /// `{"echo": …}`: the payload, as it came.
    Echo(P),
    /// `"pong"`
    Pong,
    /// `{"error": "…"}`: the command was not understood or not allowed; the connection goes on.
    Error(#[serde(borrow)] Cow<'a, str>),
}

impl<P: Serialize> ServerEvent<'_, P> {
    /// The event as the text of a message, whose clones share its bytes.
    ///
    /// # Errors
    /// The payload cannot be written as JSON.
    pub fn to_text(&self) -> Result<Utf8Bytes, serde_json::Error> {
        serde_json::to_string(self).map(Utf8Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_passed_on_as_they_came() {
        let text = r#"{"publish": {"room": "a \"b\"", "payload": {"n":  1.0}}}"#;
        let Ok(Command::Publish { room, payload }) = serde_json::from_str(text) else { panic!("{text}") };
        assert_eq!((room.as_ref(), payload.get()), ("a \"b\"", r#"{"n":  1.0}"#));
        let event = ServerEvent::Message { room, payload }.to_text().unwrap();
        assert_eq!(event, r#"{"message":{"room":"a \"b\"","payload":{"n":  1.0}}}"#);
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for text in
            ["", "join", r#""join""#, r#"{"jion": "a"}"#, r#"{"join": 1}"#, r#"{"join":"a","leave":"a"}"#]
        {
            assert!(serde_json::from_str::<Command<'_>>(text).is_err(), "{text}");
        }
        assert!(matches!(serde_json::from_str(r#""ping""#), Ok(Command::Ping)));
    }
}
