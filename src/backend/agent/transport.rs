//! The HTTP side of the client: one attempt at one request, and what its failures mean.
//!
//! `async-openai` retries by itself. A service of our own takes that layer's place, so that each request is sent
//! once and [`super::Llm`] alone decides about another attempt, and so that a refusal keeps its `Retry-After`.

use std::error::Error;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;

use super::config::{LlmConfig, LlmConfigError};
use super::error::LlmCause;

/// How much of a body that is no answer is worth an error's space, in characters.
const MESSAGE_LENGTH: usize = 300;

/// A chat client that sends each request once.
pub(super) fn client(config: &LlmConfig) -> Result<Client<OpenAIConfig>, LlmConfigError> {
    let http = reqwest::Client::builder().tcp_nodelay(true).redirect(Policy::none());
    let http = if config.is_local() { http.no_proxy() } else { http };
    let http = http.build().map_err(LlmConfigError::Client)?;
    // The crate's defaults come from `OPENAI_*` variables; here, what is sent is what the configuration says.
    let endpoint = OpenAIConfig::new()
        .with_org_id("")
        .with_project_id("")
        .with_api_base(config.base_url())
        .with_api_key(config.secret());
    let once = tower::service_fn(move |request| send(http.clone(), request));
    Ok(Client::with_config(endpoint).with_http_service(once))
}

async fn send(http: reqwest::Client, request: HttpRequestFactory) -> Result<Response, OpenAIError> {
    let response = http.execute(request.build().await?).await?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(OpenAIError::Boxed(Box::new(refusal(response).await)))
}

async fn refusal(response: Response) -> LlmCause {
    let status = response.status().as_u16();
    let seconds =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = response.text().await.unwrap_or_default();
    LlmCause::Status { status, retry_after: seconds.map(Duration::from_secs), message: message(&body) }
}

/// The `error.message` of the protocol, else the body.
fn message(body: &str) -> String {
    let parsed = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
    parsed["error"]["message"].as_str().unwrap_or(body.trim()).to_owned()
}

/// What a failure of the client crate means. Nothing of it holds `secret`, not even where a server echoes it.
pub(super) fn cause(error: OpenAIError, secret: &str) -> LlmCause {
    let shown = |text: String| shown(&text, secret);
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<LlmCause>().map(|cause| *cause) {
            Ok(LlmCause::Status { status, retry_after, message }) => {
                LlmCause::Status { status, retry_after, message: shown(message) }
            }
            Ok(other) => other,
            Err(other) => LlmCause::Protocol(shown(other.to_string())),
        },
        OpenAIError::Reqwest(error) if error.is_builder() => LlmCause::Protocol(shown(chain(&error))),
        OpenAIError::Reqwest(error) => LlmCause::Connection(shown(chain(&error.without_url()))),
        OpenAIError::StreamError(error) => LlmCause::Connection(shown(error.to_string())),
        other => LlmCause::Protocol(shown(other.to_string())),
    }
}

/// An error with its sources, since `reqwest` names the reason in a source only.
fn chain(error: &dyn Error) -> String {
    let sources = std::iter::successors(Some(error), |error| (*error).source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The start of a text, without the secret: hidden before the cut, which would leave half of it.
fn shown(text: &str, secret: &str) -> String {
    let hidden = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "[redacted]") };
    hidden.chars().take(MESSAGE_LENGTH).collect()
}
