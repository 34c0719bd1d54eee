//! The endpoint of a language model, and the limits of its client.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// The environment variable with the base URL, for example `http://localhost:11434/v1`.
const BASE_URL: &str = "LLM_BASE_URL";
/// The environment variable with the key.
const API_KEY: &str = "LLM_API_KEY";
/// The environment variable with the model's name.
const MODEL: &str = "LLM_MODEL";

/// An endpoint that speaks the `OpenAI` chat completions protocol, and the limits of its client.
///
/// Neither `Debug` nor any error shows the key.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    base_url: Url,
    api_key: SecretString,
    /// The name of the model.
    pub model: String,
    /// The maximum time for a completion, from the first attempt to the last token, waits between attempts included.
    pub deadline: Duration,
    /// The maximum time without data, before the first token and between tokens. A longer silence ends the attempt.
    pub silence: Duration,
    /// The maximum number of requests for a completion, the first included; 0 counts as 1.
    pub attempts: u32,
    /// The wait before the second attempt. Each further wait is twice as long, plus up to its own length of jitter.
    /// A longer `Retry-After` of the server takes precedence.
    pub backoff: Duration,
}

/// Why there is no client for an endpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LlmConfigError {
    /// The base URL does not parse, or is not the base of an HTTP endpoint.
    #[error("{BASE_URL}={url:?} {problem}: give the base of the endpoint, as in http://localhost:11434/v1")]
    BaseUrl {
        /// The URL, without credentials.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The base URL is `https`, and this build has no TLS.
    #[error("{BASE_URL} is an https endpoint, and this build has no TLS: build with `--features tls`")]
    NoTls,
    /// A base URL came without a model.
    #[error("{BASE_URL} is set and {MODEL} is not: set it to the name of a model that the endpoint serves")]
    NoModel,
    /// The key cannot be sent in an HTTP header.
    #[error(
        "{API_KEY} holds characters that an HTTP header cannot: set it to the key alone, without line breaks"
    )]
    ApiKey,
    /// The HTTP client could not be built.
    #[error("no HTTP client for {BASE_URL}: {0}")]
    Client(#[source] reqwest::Error),
}

impl LlmConfig {
    /// A configuration for the endpoint at `base_url`, without a key: deadline 60 s, silence 30 s, 4 attempts, backoff
    /// from 250 ms.
    ///
    /// # Errors
    /// `base_url` is no `http` or `https` URL, contains credentials, a query or a fragment, or is `https` in a build
    /// without the feature `tls`.
    pub fn new(base_url: &str, model: impl Into<String>) -> Result<Self, LlmConfigError> {
        Ok(Self {
            base_url: parse(base_url)?,
            api_key: SecretString::default(),
            model: model.into(),
            deadline: Duration::from_mins(1),
            silence: Duration::from_secs(30),
            attempts: 4,
            backoff: Duration::from_millis(250),
        })
    }

    /// The endpoint in the environment variables `LLM_BASE_URL`, `LLM_API_KEY` (optional) and `LLM_MODEL`, which
    /// `variable` looks up; `None` if `LLM_BASE_URL` is unset or empty.
    ///
    /// # Errors
    /// As [`LlmConfig::new`] and [`LlmConfig::with_api_key`], or `LLM_MODEL` is missing.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, LlmConfigError> {
        let given = |name| variable(name).filter(|value| !value.trim().is_empty());
        let Some(base_url) = given(BASE_URL) else { return Ok(None) };
        let config = Self::new(&base_url, "")?.with_api_key(given(API_KEY).unwrap_or_default())?;
        Ok(Some(Self { model: given(MODEL).ok_or(LlmConfigError::NoModel)?, ..config }))
    }

    /// The same configuration with a key.
    ///
    /// # Errors
    /// The key cannot be sent in an HTTP header.
    pub fn with_api_key(self, api_key: impl Into<String>) -> Result<Self, LlmConfigError> {
        let api_key = SecretString::from(api_key.into().trim());
        HeaderValue::from_str(api_key.expose_secret()).map_err(|_| LlmConfigError::ApiKey)?;
        Ok(Self { api_key, ..self })
    }

    /// The same configuration with another [`LlmConfig::deadline`].
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same configuration with another [`LlmConfig::silence`].
    pub(crate) fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// The same configuration with other [`LlmConfig::attempts`] and another [`LlmConfig::backoff`].
    #[must_use]
    pub fn with_attempts(self, attempts: u32, backoff: Duration) -> Self {
        Self { attempts, backoff, ..self }
    }

    /// The base URL of the endpoint, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// Whether the endpoint is on this machine, where a proxy would be in the way.
    pub(super) fn is_local(&self) -> bool {
        let host = self.base_url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    pub(super) fn secret(&self) -> &str {
        self.api_key.expose_secret()
    }
}

fn parse(base_url: &str) -> Result<Url, LlmConfigError> {
    let url = base_url.trim().parse::<Url>();
    let url = url.map_err(|error| invalid(base_url, format!("is no URL ({error})")))?;
    let problem = match url.scheme() {
        "https" if !cfg!(feature = "tls") => return Err(LlmConfigError::NoTls),
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            "carries credentials, which belong in LLM_API_KEY"
        }
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => "has a query or a fragment",
        "http" | "https" => return Ok(url),
        _ => "is neither http nor https",
    };
    Err(invalid(base_url, problem.to_owned()))
}

/// Redacts what precedes an `@`: it may be a password, and errors end up in logs.
fn invalid(base_url: &str, problem: String) -> LlmConfigError {
    let host = base_url.rsplit_once('@').map(|(_, host)| format!("[redacted]@{host}"));
    LlmConfigError::BaseUrl { url: host.unwrap_or_else(|| base_url.to_owned()), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Option<LlmConfig>, LlmConfigError> {
        LlmConfig::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_names_an_endpoint_or_none() {
        assert!(from(&[]).unwrap().is_none());
        assert!(from(&[(BASE_URL, " ")]).unwrap().is_none());
        let variables = [(BASE_URL, "http://llm:8000/v1/"), (MODEL, "m"), (API_KEY, "k\n")];
        let config = from(&variables).unwrap().unwrap();
        let parts = (config.base_url(), config.model.as_str(), config.secret());
        assert_eq!(parts, ("http://llm:8000/v1", "m", "k"));
        assert!(matches!(from(&[(BASE_URL, "http://llm:8000/v1")]), Err(LlmConfigError::NoModel)));
    }

    #[test]
    fn a_base_that_is_no_endpoint_is_refused_with_the_reason() {
        let cases = [
            ("localhost:8000", "neither http nor https"),
            ("not a url", "is no URL"),
            ("http://", "is no URL"),
            ("ftp://llm/v1", "neither http nor https"),
            ("http://llm/v1?key=1", "query"),
            ("http://me:hunter2@llm/v1", "LLM_API_KEY"),
        ];
        for (url, reason) in cases {
            let error = LlmConfig::new(url, "m").unwrap_err().to_string();
            assert!(error.contains("LLM_BASE_URL=") && error.contains(reason), "{error}");
            assert!(error.contains("http://localhost:11434/v1") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn https_needs_the_feature_tls() {
        let config = LlmConfig::new("https://api.example.com/v1", "m");
        if cfg!(feature = "tls") {
            assert_eq!(config.unwrap().base_url(), "https://api.example.com/v1");
        } else {
            assert!(config.unwrap_err().to_string().contains("--features tls"));
        }
    }

    #[test]
    fn a_key_that_is_no_header_is_refused_and_not_shown() {
        let config = LlmConfig::new("http://llm/v1", "m").unwrap();
        let error = config.with_api_key("sk-secret\nx").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("sk-secret"), "{error}");
    }

    #[test]
    fn local_endpoints_are_known() {
        let local = |url| LlmConfig::new(url, "m").unwrap().is_local();
        assert!(local("http://localhost:1/v1") && local("http://127.0.0.1/v1") && local("http://[::1]:1/v1"));
        assert!(!local("http://10.0.0.1/v1") && !local("http://llm.example.com/v1"));
    }
}
