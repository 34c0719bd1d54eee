//! An error as ClickHouse reports it: a code, a text, and an HTTP status.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// `UNKNOWN_EXCEPTION`, where the engine names no code.
const UNKNOWN: u32 = 1002;

/// An error with ClickHouse's number for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: u32,
    /// With its code in front, where clients look for it.
    pub message: String,
}

impl Failure {
    pub fn new(code: u32, problem: &str) -> Self {
        Self { code, message: format!("Code: {code}. DB::Exception: {problem}") }
    }
}

impl From<String> for Failure {
    /// From a message of the engine, which has its code in front.
    fn from(message: String) -> Self {
        let code = message.strip_prefix("Code: ").and_then(|rest| rest.split_once('.'));
        match code.and_then(|(digits, _)| digits.parse().ok()) {
            Some(code) => Self { code, message },
            None => Self::new(UNKNOWN, &message),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let header = ("X-ClickHouse-Exception-Code", self.code.to_string());
        (StatusCode::INTERNAL_SERVER_ERROR, [header], self.message.trim_end().to_owned() + "\n")
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_the_engine_is_kept_and_a_text_without_one_gets_one() {
        assert_eq!(Failure::from("Code: 60. DB::Exception: Unknown table.".to_owned()).code, 60);
        assert_eq!(Failure::from("no code".to_owned()), Failure::new(UNKNOWN, "no code"));
    }
}
