//! What is sent along with every request, and shown by nothing.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::error::DeploymentError;

/// The variable with a bearer token.
const TOKEN: &str = "API_TOKEN";

/// The variable with headers, one a line.
const HEADERS: &str = "BENCH_HEADERS";

const REDACTED: &str = "[redacted]";

/// Headers for every request.
#[derive(Clone, Default)]
pub struct Secrets {
    headers: HeaderMap,
    /// What must not be shown, the longest first.
    values: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.names()).finish()
    }
}

impl Secrets {
    /// The token of `API_TOKEN`, and the headers of `BENCH_HEADERS`.
    ///
    /// # Errors
    /// One of them cannot be sent.
    pub fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, DeploymentError> {
        let mut secrets = Self::default();
        if let Some(token) = variable(TOKEN) {
            let unfit =
                || refused(TOKEN, "it holds characters that a header cannot: set it to the token alone");
            let value = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| unfit())?;
            secrets.add(AUTHORIZATION, value);
        }
        let lines = variable(HEADERS).unwrap_or_default();
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let unfit = || format!("line {} is no header of its own: write `Name: value`", number + 1);
            let (name, value) = header(line).ok_or_else(|| refused(HEADERS, unfit()))?;
            if secrets.headers.contains_key(&name) {
                return Err(refused(HEADERS, unfit()));
            }
            secrets.add(name, value);
        }
        secrets.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Ok(secrets)
    }

    fn add(&mut self, name: HeaderName, mut value: HeaderValue) {
        let text = value.to_str().unwrap_or_default();
        // Also what stands behind `Bearer` alone, and what JSON and URLs make of either.
        for part in [Some(text), text.split_once(' ').map(|(_, rest)| rest)].into_iter().flatten() {
            let json = serde_json::Value::from(part).to_string();
            let url = utf8_percent_encode(part, NON_ALPHANUMERIC).to_string();
            self.values.extend([part.to_owned(), json.trim_matches('"').to_owned(), url]);
        }
        self.values.retain(|value| !value.is_empty());
        value.set_sensitive(true);
        self.headers.insert(name, value);
    }

    /// What to send.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The names of the headers, which are no secret.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.keys().map(HeaderName::as_str)
    }

    /// `text` without the secrets: a server may send them back.
    pub(crate) fn redact(&self, text: &str) -> String {
        let (mut shown, mut left) = (String::with_capacity(text.len()), text);
        while let Some(first) = left.chars().next() {
            let secret = self.values.iter().find(|value| left.starts_with(value.as_str()));
            shown.push_str(secret.map_or(&left[..first.len_utf8()], |_| REDACTED));
            left = &left[secret.map_or(first.len_utf8(), String::len)..];
        }
        shown
    }
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}

fn refused(variable: &'static str, problem: impl Into<String>) -> DeploymentError {
    DeploymentError::Variable { variable, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(token: &str, headers: &str) -> Result<Secrets, DeploymentError> {
        let given = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        Secrets::of_variables(|name| given(if name == TOKEN { token } else { headers }))
    }

    #[test]
    fn secrets_are_sent_and_shown_by_nothing() {
        let secrets = secrets("hun\"ter 2", "X-Key: top\n\nX-Tenant: a").unwrap();
        assert_eq!(secrets.headers()[AUTHORIZATION], "Bearer hun\"ter 2");
        assert_eq!(format!("{secrets:?}"), "{\"authorization\", \"x-key\", \"x-tenant\"}");
        let echoed = secrets.redact("got Bearer hun\"ter 2, \"hun\\\"ter 2\", hun%22ter%202 and top");
        assert!(!echoed.contains("ter") && !echoed.contains("top"), "{echoed}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_showing_it() {
        let cases = [("hunter\n2", ""), ("", "hunter2"), ("", "X Y: hunter2"), ("", "A: b\nA: hunter2")];
        for (token, headers) in cases {
            let error = secrets(token, headers).unwrap_err().to_string();
            assert!(error.contains(if token.is_empty() { HEADERS } else { TOKEN }), "{error}");
            assert!(!error.contains("hunter"), "{error}");
        }
    }
}
