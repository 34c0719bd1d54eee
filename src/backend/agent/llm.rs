//! A client of a language model: one prompt in, one streamed answer out.
//!
//! `async-openai` retries on its own. A tower service takes the place of that layer, so that each request is sent once,
//! [`Llm`] alone decides about another attempt, and a refusal keeps its `Retry-After`.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    CreateChatCompletionStreamResponse,
};
use backon::{ExponentialBuilder, Retryable};
use futures_util::StreamExt;
use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use tokio::time::{timeout, timeout_at};

use super::config::{LlmConfig, LlmConfigError};
use super::error::{LlmCause, LlmError};

/// The maximum length of a server's message in an error, in characters.
const MAX_MESSAGE_LENGTH: usize = 300;

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The text of the answer.
    pub text: String,
    /// Tokens of the answer as the server counts them, or the number of pieces if it does not.
    pub tokens: u32,
    /// Pieces of text in the stream.
    pub pieces: u32,
    /// From the start of the successful attempt to its first piece of text.
    pub time_to_first_token: Duration,
    /// From the first attempt to the end of the answer.
    pub time: Duration,
    /// How many requests were sent.
    pub attempts: u32,
}

/// A client of a language model. Clones share its connections and its count of attempts.
#[derive(Debug, Clone)]
pub struct Llm(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client<OpenAIConfig>,
    config: LlmConfig,
    attempts: AtomicU64,
}

impl Llm {
    /// A client for the endpoint of `config`. It connects with the first request.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(config: LlmConfig) -> Result<Self, LlmConfigError> {
        Ok(Self(Arc::new(Inner { client: client(&config)?, config, attempts: AtomicU64::new(0) })))
    }

    /// The endpoint and limits in use.
    #[must_use]
    pub fn config(&self) -> &LlmConfig {
        &self.0.config
    }

    /// How many requests this client and its clones have sent, retries included.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.0.attempts.load(Ordering::Relaxed)
    }

    /// Sends `prompt` as a single user message and reads the answer.
    ///
    /// An attempt that fails with 429, 5xx, silence or a broken connection is repeated after an increasing wait, unless
    /// that wait would pass the deadline. Dropping the future ends the request.
    ///
    /// # Errors
    /// The deadline passed, or the last attempt failed. Both state the number of attempts.
    pub async fn complete(&self, prompt: &str) -> Result<Completion, LlmError> {
        let (started, sent) = (Instant::now(), AtomicU32::new(0));
        let config = &self.0.config;
        let until = started + config.deadline;
        let tries = (|| self.attempt(prompt, &sent))
            .retry(backoff(config))
            .when(LlmCause::is_transient)
            .adjust(|cause, wait| next_wait(cause, wait?, until));
        let outcome = timeout_at(until.into(), tries).await;
        let attempts = sent.load(Ordering::Relaxed);
        match outcome {
            Ok(Ok(answer)) => Ok(Completion { time: started.elapsed(), attempts, ..answer }),
            Ok(Err(cause)) => Err(LlmError::Failed { cause, attempts }),
            Err(_) => Err(LlmError::Deadline { deadline: config.deadline, attempts }),
        }
    }

    async fn attempt(&self, prompt: &str, sent: &AtomicU32) -> Result<Completion, LlmCause> {
        sent.fetch_add(1, Ordering::Relaxed);
        self.0.attempts.fetch_add(1, Ordering::Relaxed);
        let cause = |error| cause(error, self.0.config.secret());
        let mut answer = PartialAnswer::new();
        let request = request(&self.0.config.model, prompt);
        let mut stream =
            self.unless_silent(self.0.client.chat().create_stream(request)).await?.map_err(cause)?;
        while let Some(chunk) = self.unless_silent(stream.next()).await? {
            answer.push(chunk.map_err(cause)?);
        }
        answer.finish()
    }

    async fn unless_silent<T>(&self, next: impl Future<Output = T>) -> Result<T, LlmCause> {
        let silence = self.0.config.silence;
        timeout(silence, next).await.map_err(|_| LlmCause::Silent(silence))
    }
}

fn request(model: &str, prompt: &str) -> CreateChatCompletionRequest {
    CreateChatCompletionRequest {
        model: model.to_owned(),
        messages: vec![ChatCompletionRequestUserMessage::from(prompt).into()],
        stream_options: Some(ChatCompletionStreamOptions {
            include_usage: Some(true),
            include_obfuscation: None,
        }),
        ..CreateChatCompletionRequest::default()
    }
}

fn backoff(config: &LlmConfig) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(config.backoff)
        .with_max_delay(config.deadline)
        .with_max_times(config.attempts.saturating_sub(1) as usize)
        .with_jitter()
}

/// The wait before the next attempt: the server's `Retry-After` if it is longer. No attempt starts after the deadline,
/// since the cause at hand says more than a timeout.
fn next_wait(cause: &LlmCause, wait: Duration, until: Instant) -> Option<Duration> {
    let retry_after = match cause {
        LlmCause::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let wait = wait.max(retry_after);
    (wait < until.saturating_duration_since(Instant::now())).then_some(wait)
}

/// An answer while its stream is read.
struct PartialAnswer {
    started: Instant,
    first: Option<Duration>,
    text: String,
    pieces: u32,
    tokens: Option<u32>,
    finished: bool,
}

impl PartialAnswer {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            first: None,
            text: String::new(),
            pieces: 0,
            tokens: None,
            finished: false,
        }
    }

    fn push(&mut self, chunk: CreateChatCompletionStreamResponse) {
        self.tokens = chunk.usage.map(|usage| usage.completion_tokens).or(self.tokens);
        for choice in chunk.choices {
            self.finished |= choice.finish_reason.is_some();
            if let Some(piece) = choice.delta.content.filter(|piece| !piece.is_empty()) {
                self.first.get_or_insert_with(|| self.started.elapsed());
                self.text.push_str(&piece);
                self.pieces += 1;
            }
        }
    }

    /// The end of a stream does not show that the answer is complete; only a `finish_reason` does.
    fn finish(self) -> Result<Completion, LlmCause> {
        if !self.finished {
            return Err(LlmCause::BrokenOff { pieces: self.pieces });
        }
        let first = self.first.ok_or_else(|| LlmCause::Protocol("it holds no text".to_owned()))?;
        Ok(Completion {
            tokens: self.tokens.unwrap_or(self.pieces),
            text: self.text,
            pieces: self.pieces,
            time_to_first_token: first,
            time: Duration::ZERO,
            attempts: 0,
        })
    }
}

/// A chat client that sends each request once.
fn client(config: &LlmConfig) -> Result<Client<OpenAIConfig>, LlmConfigError> {
    let http = reqwest::Client::builder().tcp_nodelay(true).redirect(Policy::none());
    let http = if config.is_local() { http.no_proxy() } else { http };
    let http = http.build().map_err(LlmConfigError::Client)?;
    // Overrides the crate's defaults, which come from `OPENAI_*` variables.
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

/// The message is the `error.message` of the protocol, else the body.
async fn refusal(response: Response) -> LlmCause {
    let status = response.status().as_u16();
    let seconds =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = response.text().await.unwrap_or_default();
    let json = serde_json::from_str::<serde_json::Value>(&body).unwrap_or_default();
    let message = json["error"]["message"].as_str().unwrap_or(body.trim()).to_owned();
    LlmCause::Status { status, retry_after: seconds.map(Duration::from_secs), message }
}

/// Translates an error of the client crate. The result never contains `secret`, even if a server echoes it.
fn cause(error: OpenAIError, secret: &str) -> LlmCause {
    let redacted = |text: String| redact(&text, secret);
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<LlmCause>().map(|cause| *cause) {
            Ok(LlmCause::Status { status, retry_after, message }) => {
                LlmCause::Status { status, retry_after, message: redacted(message) }
            }
            Ok(other) => other,
            Err(other) => LlmCause::Protocol(redacted(other.to_string())),
        },
        OpenAIError::Reqwest(error) if error.is_builder() => LlmCause::Protocol(redacted(chain(&error))),
        OpenAIError::Reqwest(error) => LlmCause::Connection(redacted(chain(&error.without_url()))),
        OpenAIError::StreamError(error) => LlmCause::Connection(redacted(error.to_string())),
        other => LlmCause::Protocol(redacted(other.to_string())),
    }
}

/// An error with its sources: `reqwest` states the reason only there.
fn chain(error: &dyn Error) -> String {
    let sources = std::iter::successors(Some(error), |error| (*error).source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Redacts before it truncates, since a cut could leave half of the secret.
fn redact(text: &str, secret: &str) -> String {
    let hidden = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "[redacted]") };
    hidden.chars().take(MAX_MESSAGE_LENGTH).collect()
}
