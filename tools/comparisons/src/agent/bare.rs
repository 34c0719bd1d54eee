//! The calls of a run, made without the agent.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequest};
use backend_bench::backend::agent::{AgentStage, SimulatedLlm};
use futures_util::StreamExt;

use super::REQUEST;

/// A client of the library, and what the stages of a run ask, with the answers.
pub struct BareCalls {
    client: Client<OpenAIConfig>,
    model: String,
    prompts: Vec<(String, String)>,
}

impl BareCalls {
    /// The calls that a run on `llm` makes.
    pub fn of(llm: &SimulatedLlm) -> Self {
        let http =
            reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().expect("a client without TLS");
        let config = OpenAIConfig::new().with_api_base(llm.base_url()).with_api_key("");
        let mut prompts: Vec<(String, String)> = Vec::new();
        for stage in AgentStage::ALL {
            let prompt = stage.prompt(REQUEST, prompts.last().map(|(_, answer)| answer.as_str()));
            let answer = llm.answer_to(&prompt);
            prompts.push((prompt, answer));
        }
        Self { client: Client::build(http, config), model: llm.llm_config().model, prompts }
    }

    /// Makes them one after the other.
    pub async fn run(&self) {
        for (prompt, answer) in &self.prompts {
            assert_eq!(self.call(prompt).await, *answer, "the simulated model answers otherwise");
        }
    }

    async fn call(&self, prompt: &str) -> String {
        let request = CreateChatCompletionRequest {
            model: self.model.clone(),
            messages: vec![ChatCompletionRequestUserMessage::from(prompt).into()],
            ..CreateChatCompletionRequest::default()
        };
        let mut stream =
            self.client.chat().create_stream(request).await.expect("the simulated model answers");
        let mut text = String::new();
        while let Some(chunk) = stream.next().await {
            let choices = chunk.expect("the simulated model speaks the protocol").choices;
            choices
                .into_iter()
                .filter_map(|choice| choice.delta.content)
                .for_each(|piece| text.push_str(&piece));
        }
        text
    }
}
