//! `agent/overhead`: the cost of the pipeline relative to the model calls in it.
//!
//! A simulated model without waits gets the same prompts twice: from the supervisor, and from bare calls of the client
//! library, one after the other. The two alternate in which comes first, so that drift of the machine affects both. A value
//! is the median of the pairs' ratios. Both arms include the work of the simulated server, which runs in this process; a
//! slower model makes the ratio smaller.
//!
//! The model is always simulated, whatever `LLM_BASE_URL` says: the latency of a real one would hide the overhead.

use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequest};
use futures_util::StreamExt;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::endpoint::{AgentEndpoint, request};
use crate::backend::agent::{AgentStage, LatencyProfile, LlmConfig};
use crate::bench::{Harness, Unit};

/// Pairs in one value, about 3 ms each.
const PAIRS: usize = 40;

/// Pairs before the first value, which open the connections.
const WARM_UP: usize = 20;

pub(super) fn measure(harness: &mut Harness, runtime: &Runtime) {
    harness.replay("overhead", Unit::Ratio, |samples| {
        let arms = Arms::new(AgentEndpoint::simulated(runtime, LatencyProfile::zero()));
        runtime.block_on(arms.ratio(WARM_UP));
        (0..samples).map(|_| runtime.block_on(arms.ratio(PAIRS))).collect()
    });
}

/// The two arms: both get the same answers.
struct Arms {
    endpoint: AgentEndpoint,
    bare: Client<OpenAIConfig>,
    request: String,
    /// The prompts of the stages and their answers, which a simulated model makes predictable.
    prompts: Vec<(String, String)>,
}

impl Arms {
    fn new(endpoint: AgentEndpoint) -> Self {
        let request = request(0, 0);
        let mut prompts: Vec<(String, String)> = Vec::new();
        for stage in AgentStage::ALL {
            let prompt = stage.prompt(&request, prompts.last().map(|(_, answer)| answer.as_str()));
            let answer = endpoint.expected(&prompt).expect("a simulated model's answers are known");
            prompts.push((prompt, answer));
        }
        Self { bare: bare_client(endpoint.llm().config()), endpoint, request, prompts }
    }

    /// The median ratio of `pairs` pairs.
    async fn ratio(&self, pairs: usize) -> f64 {
        let mut ratios = Vec::with_capacity(pairs);
        for pair in 0..pairs {
            let (pipeline, bare) = if pair % 2 == 0 {
                (self.pipeline().await, self.bare_calls().await)
            } else {
                let bare = self.bare_calls().await;
                (self.pipeline().await, bare)
            };
            ratios.push(pipeline.as_secs_f64() / bare.as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        ratios[pairs / 2]
    }

    async fn pipeline(&self) -> Duration {
        let supervisor = self.endpoint.supervisor();
        let started = Instant::now();
        let report = supervisor.run(&self.request).await;
        let time = started.elapsed();
        let report = report.unwrap_or_else(|error| panic!("agent/overhead: {error}"));
        self.endpoint.check_report(&self.request, &report);
        time
    }

    async fn bare_calls(&self) -> Duration {
        let mut answers = Vec::with_capacity(self.prompts.len());
        let started = Instant::now();
        for (prompt, _) in &self.prompts {
            answers.push(bare_call(&self.bare, self.endpoint.llm().config(), prompt).await);
        }
        let time = started.elapsed();
        assert!(
            answers.iter().eq(self.prompts.iter().map(|(_, answer)| answer)),
            "a bare call answered wrongly"
        );
        time
    }
}

fn bare_client(config: &LlmConfig) -> Client<OpenAIConfig> {
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client without TLS");
    Client::build(http, OpenAIConfig::new().with_api_base(config.base_url()).with_api_key(""))
}

async fn bare_call(client: &Client<OpenAIConfig>, config: &LlmConfig, prompt: &str) -> String {
    let request = CreateChatCompletionRequest {
        model: config.model.clone(),
        messages: vec![ChatCompletionRequestUserMessage::from(prompt).into()],
        ..CreateChatCompletionRequest::default()
    };
    let mut stream = client.chat().create_stream(request).await.expect("the simulated LLM answers");
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        let choices = chunk.expect("the simulated LLM speaks the protocol").choices;
        choices.into_iter().filter_map(|choice| choice.delta.content).for_each(|piece| text.push_str(&piece));
    }
    text
}
