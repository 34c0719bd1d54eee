//! What went wrong, as ClickHouse tells it: a code, a text, and the HTTP status that goes with it.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// `UNKNOWN_EXCEPTION`, where the engine names no code.
const UNKNOWN: u32 = 1002;

/// An error with ClickHouse's number for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: u32,
    /// With its code in front, as clients look for it.
    pub message: String,
}

impl Failure {
    pub fn new(code: u32, problem: &str) -> Self {
        Self { code, message: format!("Code: {code}. DB::Exception: {problem}") }
    }

    /// What stands in for the end of a result that failed on its way: clients that were told `tag` with the head of the
    /// response find it there. The format is ClickHouse's since 25.11.
    pub fn at_the_end_of_a_result(&self, tag: &str) -> Bytes {
        let message = format!("{}\n", self.message.trim_end());
        let length = message.len();
        format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n").into()
    }

    fn status(&self) -> StatusCode {
        match self.code {
            // Names that are not known: function, identifier, type, storage, table, format, database, setting.
            46 | 47 | 50 | 56 | 60 | 73 | 81 | 115 => StatusCode::NOT_FOUND,
            // What cannot be parsed or be meant.
            6 | 26 | 27 | 33 | 36 | 38 | 41 | 42 | 43 | 44 | 53 | 62 | 69 | 70 | 72 | 117 | 271 | 456
            | 457 => StatusCode::BAD_REQUEST,
            159 => StatusCode::REQUEST_TIMEOUT,
            48 | 89 => StatusCode::NOT_IMPLEMENTED,
            516 => StatusCode::FORBIDDEN,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<String> for Failure {
    /// From what the engine says, which has its code in front.
    fn from(message: String) -> Self {
        let digits =
            message.strip_prefix("Code: ").and_then(|rest| rest.split_once('.')).map(|(digits, _)| digits);
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(code) => Self { code, message },
            None => Self::new(UNKNOWN, &message),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let headers = [
            ("X-ClickHouse-Exception-Code", self.code.to_string()),
            ("Content-Type", "text/plain; charset=UTF-8".to_owned()),
        ];
        (self.status(), headers, Body::from(self.message.trim_end().to_owned() + "\n")).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_code_is_taken_over_and_a_text_without_one_gets_one() {
        let known = Failure::from("Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)".to_owned());
        assert_eq!((known.code, known.status()), (60, StatusCode::NOT_FOUND));
        assert_eq!(Failure::from("Code: 241. x".to_owned()).status(), StatusCode::INTERNAL_SERVER_ERROR);
        let unknown = Failure::from("no code".to_owned());
        assert_eq!(unknown, Failure::new(UNKNOWN, "no code"));
        assert!(unknown.message.starts_with("Code: 1002. DB::Exception: no code"));
    }

    #[test]
    fn the_end_of_a_failed_result_says_how_long_its_message_is() {
        let end = Failure::new(395, "no\n").at_the_end_of_a_result("0123456789abcdef");
        let expected = "\r\n__exception__\r\n0123456789abcdef\r\nCode: 395. DB::Exception: no\n\
                        29 0123456789abcdef\r\n__exception__\r\n";
        assert_eq!(end, expected.as_bytes());
    }
}
