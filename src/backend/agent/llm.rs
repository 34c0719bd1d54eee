//! A client of a language model: one prompt in, one streamed answer out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    CreateChatCompletionStreamResponse,
};
use backon::{ExponentialBuilder, Retryable};
use futures_util::StreamExt;
use tokio::time::{timeout, timeout_at};

use super::config::{LlmConfig, LlmConfigError};
use super::error::{LlmCause, LlmError};
use super::report::Completion;
use super::transport;

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
    /// A client for the endpoint of `config`. Nothing is sent yet.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(config: LlmConfig) -> Result<Self, LlmConfigError> {
        Ok(Self(Arc::new(Inner { client: transport::client(&config)?, config, attempts: AtomicU64::new(0) })))
    }

    /// The endpoint and limits in use.
    #[must_use]
    pub fn config(&self) -> &LlmConfig {
        &self.0.config
    }

    /// How many requests were sent so far, with retries, by this client and its clones.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.0.attempts.load(Ordering::Relaxed)
    }

    /// Asks for the answer to `prompt`, as a single message of a user.
    ///
    /// Attempts that fail with 429, 5xx, silence or a broken connection are repeated after a growing wait, unless that wait
    /// would pass the deadline. Dropping the future ends the request.
    ///
    /// # Errors
    /// The deadline passed, or the last attempt failed; both say how many attempts were made.
    pub async fn complete(&self, prompt: &str) -> Result<Completion, LlmError> {
        let started = Instant::now();
        let sent = AtomicU32::new(0);
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
        let cause = |error| transport::cause(error, self.0.config.secret());
        let mut answer = Answer::started_now();
        let request = request(&self.0.config.model, prompt);
        let mut stream = self.heard(self.0.client.chat().create_stream(request)).await?.map_err(cause)?;
        while let Some(chunk) = self.heard(stream.next()).await? {
            answer.take(chunk.map_err(cause)?);
        }
        answer.whole()
    }

    /// What the model says next, unless it is silent for too long.
    async fn heard<T>(&self, next: impl Future<Output = T>) -> Result<T, LlmCause> {
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

/// The wait before the next attempt: what the server asks for where that is longer, and none where the attempt
/// would come after the deadline, because then the cause at hand says more than a timeout.
fn next_wait(cause: &LlmCause, wait: Duration, until: Instant) -> Option<Duration> {
    let asked = match cause {
        LlmCause::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let wait = wait.max(asked);
    (wait < until.saturating_duration_since(Instant::now())).then_some(wait)
}

/// An answer while it arrives.
struct Answer {
    started: Instant,
    first: Option<Duration>,
    text: String,
    pieces: u32,
    counted: Option<u32>,
    finished: bool,
}

impl Answer {
    fn started_now() -> Self {
        Self {
            started: Instant::now(),
            first: None,
            text: String::new(),
            pieces: 0,
            counted: None,
            finished: false,
        }
    }

    fn take(&mut self, chunk: CreateChatCompletionStreamResponse) {
        self.counted = chunk.usage.map(|usage| usage.completion_tokens).or(self.counted);
        for choice in chunk.choices {
            self.finished |= choice.finish_reason.is_some();
            if let Some(piece) = choice.delta.content.filter(|piece| !piece.is_empty()) {
                self.first.get_or_insert_with(|| self.started.elapsed());
                self.text.push_str(&piece);
                self.pieces += 1;
            }
        }
    }

    /// A stream that ends says nothing about the answer; only a `finish_reason` says that the model was done.
    fn whole(self) -> Result<Completion, LlmCause> {
        let Self { pieces, finished: true, .. } = self else {
            return Err(LlmCause::BrokenOff { pieces: self.pieces });
        };
        let time_to_first_token =
            self.first.ok_or_else(|| LlmCause::Protocol("it holds no text".to_owned()))?;
        Ok(Completion {
            tokens: self.counted.unwrap_or(pieces),
            text: self.text,
            pieces,
            time_to_first_token,
            time: Duration::ZERO,
            attempts: 0,
        })
    }
}
