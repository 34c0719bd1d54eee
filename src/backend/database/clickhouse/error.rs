//! Maps what the server and the connection report to the errors of databases, by what can be done about it.

use std::error::Error as StdError;
use std::time::Duration;

use clickhouse::error::Error as Reported;

use crate::backend::database::Error;

/// What to do about a lost connection.
const COUNT: &str = "check that the server runs; what was being written may be stored or not: count before you write \
                     it again";

/// The most characters of an answer in an error: another server than ClickHouse may answer with a page.
const MAX_REASON: usize = 400;

/// Says what failed, where, and what to do.
pub(super) fn explain(place: &str, operation: &'static str, limit: Duration, reported: Reported) -> Error {
    let place = place.to_owned();
    match reported {
        Reported::Network(source) => Error::Lost { place, operation, reason: chain(&*source), remedy: COUNT },
        Reported::TimedOut => Error::Timeout { place, operation, limit },
        Reported::BadResponse(answer) => refused(place, operation, limit, &answer),
        other => Error::Query { place, operation, source: other.into() },
    }
}

/// By the server's error code (<https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>).
fn refused(place: String, operation: &'static str, limit: Duration, answer: &str) -> Error {
    let reason = tidy(answer);
    match code(answer) {
        // TIMEOUT_EXCEEDED
        Some(159) => Error::Timeout { place, operation, limit },
        // READONLY, DATABASE_ACCESS_DENIED, ACCESS_DENIED
        Some(164 | 291 | 497) => Error::Denied { place, operation, reason },
        // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED
        Some(192..=194 | 516) => {
            Error::Open { place, reason, remedy: "correct user and password in its URL" }
        }
        // UNKNOWN_TABLE, UNKNOWN_DATABASE
        Some(60 | 81) => Error::Schema { place, reason: format!("it changed under this program ({reason})") },
        // NOT_ENOUGH_SPACE
        Some(243) => Error::Full { place, operation, reason },
        // The operating system's words, in whatever it was that could not be written.
        Some(_) if reason.contains("No space left on device") => Error::Full { place, operation, reason },
        code => Error::Query { place, operation, source: with_remedy(reason, code).into() },
    }
}

fn with_remedy(reason: String, code: Option<u32>) -> String {
    let remedy = match code {
        // TOO_MANY_SIMULTANEOUS_QUERIES
        Some(202) => "lower `connections`, or raise `max_concurrent_queries`",
        // MEMORY_LIMIT_EXCEEDED
        Some(241) => "ask for less at once, or raise the server's `max_memory_usage`",
        // TOO_MANY_PARTS
        Some(252) => "insert more at once and less often, and let the server merge",
        None if reason.contains("clickhouse-client program") => "name the port for HTTP (8123, unless set)",
        _ => return reason,
    };
    format!("{reason}; {remedy}")
}

/// The number in `Code: 60. DB::Exception: …`.
fn code(answer: &str) -> Option<u32> {
    let number = answer.split_once("Code: ")?.1;
    number.split(|after: char| !after.is_ascii_digit()).next()?.parse().ok()
}

/// Without the server's version.
fn tidy(answer: &str) -> String {
    let end = answer.rfind(" (version ").unwrap_or(answer.len());
    answer[..end].trim().chars().take(MAX_REASON).collect()
}

/// An error and its causes: the outermost alone often says no more than that something failed.
fn chain(outermost: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(outermost), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(answer: &str) -> Error {
        explain("here", "counting", Duration::from_secs(3), Reported::BadResponse(answer.to_owned()))
    }

    #[test]
    fn each_code_has_its_kind() {
        let error = |code| {
            explained(&format!("Code: {code}. DB::Exception: x. (NAME) (version 26.7.2.1 (official build))"))
        };
        assert!(matches!(error(159), Error::Timeout { .. }));
        assert!([164, 291, 497].map(error).iter().all(|error| matches!(error, Error::Denied { .. })));
        assert!([60, 81].map(error).iter().all(|error| matches!(error, Error::Schema { .. })));
        for error in [192, 193, 194, 516].map(error) {
            assert!(error.to_string().contains("correct user and password"), "{error}");
        }
        let by_system = explained("Code: 75. DB::ErrnoException: Cannot write: No space left on device");
        assert!(matches!(error(243), Error::Full { .. }) && matches!(by_system, Error::Full { .. }));
    }

    #[test]
    fn the_rest_keeps_its_code_and_gets_its_remedy() {
        let cases = [
            ("Code: 62. DB::Exception: Syntax (version 26.7.2.1 (official build))", "Code: 62"),
            ("Code: 241. DB::Exception: too much", "less at once"),
            ("Code: 252. DB::Exception: parts", "insert more at once"),
            ("Code: 202. DB::Exception: busy", "lower `connections`"),
            ("Port 9000 is for clickhouse-client program\nYou must use port 8123", "port for HTTP"),
        ];
        for (answer, expected) in cases {
            let text = explained(answer).to_string();
            assert!(text.starts_with("counting failed on here: ") && text.contains(expected), "{text}");
            assert!(!text.contains("version 26"), "{text}");
        }
    }
}
