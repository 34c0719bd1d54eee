//! The `agent` group: requests through the supervised stages, against a language model that is simulated unless
//! `LLM_BASE_URL` names a real one.
//!
//! The simulated model keeps time: `llm_response` takes as long as a hosted model of middling size would
//! ([`LatencyProfile::typical`]), the others a thirtieth of it, so that hundreds of requests fit into an
//! iteration. They measure how well the pipeline keeps a model busy, and not a model. With a real one, they do.

mod endpoint;
mod overhead;

use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;

use self::endpoint::{Endpoint, Lazy};
use crate::backend::agent::{AgentError, AgentReport, LatencyProfile, Supervisor};
use crate::bench::harness::runtime;
use crate::bench::{Harness, deployment};

/// How much faster than typical the simulated model is where many requests are measured together.
const FASTER: u32 = 30;

/// Runs every benchmark of the `agent` category.
///
/// Ends the process with 2 where `LLM_BASE_URL` is of another machine that nobody called theirs.
pub fn run(harness: &mut Harness) {
    deployment::refuse_strangers_or_exit(&["LLM_BASE_URL"]);
    let runtime = runtime();
    let fast = Lazy::new(&runtime, LatencyProfile::typical().faster(FASTER));
    process(harness, &runtime, &fast);
    concurrent(harness, &runtime, &fast);
    llm_response(harness, &runtime, &Lazy::new(&runtime, LatencyProfile::typical()));
    overhead::measure(harness, &runtime);
}

/// What came of each request that was put.
type Reports = Vec<(String, AgentReport)>;

/// Requests put at once, worked on as many at once as the supervisor's limit allows.
fn process(harness: &mut Harness, runtime: &Runtime, endpoint: &Lazy<'_>) {
    let requests = harness.sizes().agent_requests;
    let throughput = Throughput::Elements(requests as u64);
    harness.time_slow(&format!("process/{requests}"), Some(throughput), |bencher| {
        bencher.iter_custom(|iterations| {
            timed(iterations, runtime, endpoint.get(), |endpoint| agents(endpoint.supervisor(), requests, 1))
        });
    });
}

/// Agents side by side, each with requests one after the other.
fn concurrent(harness: &mut Harness, runtime: &Runtime, endpoint: &Lazy<'_>) {
    let (count, requests) = harness.sizes().agents;
    let throughput = Throughput::Elements((count * requests) as u64);
    harness.time_slow(&format!("concurrent/{count}x{requests}"), Some(throughput), |bencher| {
        bencher.iter_custom(|iterations| {
            timed(iterations, runtime, endpoint.get(), |endpoint| {
                agents(endpoint.supervisor(), count, requests)
            })
        });
    });
}

/// One prompt to the end of its streamed answer.
fn llm_response(harness: &mut Harness, runtime: &Runtime, endpoint: &Lazy<'_>) {
    const PROMPT: &str = "Say in one paragraph how a cache lowers a bill.";
    harness.time_slow("llm_response", None, |bencher| {
        let endpoint = endpoint.get();
        bencher.iter_custom(|iterations| {
            let one = || {
                let started = Instant::now();
                let answer = runtime.block_on(endpoint.llm().complete(PROMPT));
                let time = started.elapsed();
                endpoint.check(
                    PROMPT,
                    &answer.unwrap_or_else(|error| panic!("agent/llm_response: {error}")).text,
                );
                time
            };
            (0..iterations).map(|_| one()).sum()
        });
    });
}

/// The time of `work`, `iterations` times; what it answers is checked while the clock stands.
fn timed<W: Future<Output = Reports>>(
    iterations: u64,
    runtime: &Runtime,
    endpoint: &Endpoint,
    work: impl Fn(&Endpoint) -> W,
) -> Duration {
    let one = || {
        let started = Instant::now();
        let reports = runtime.block_on(work(endpoint));
        let time = started.elapsed();
        for (request, report) in &reports {
            endpoint.check_report(request, report);
        }
        time
    };
    (0..iterations).map(|_| one()).sum()
}

/// `count` agents at once, with `requests` each in sequence.
async fn agents(supervisor: Supervisor, count: usize, requests: usize) -> Reports {
    let agent = |agent| tokio::spawn(agent_at_work(supervisor.clone(), agent, requests));
    let outcome = try_join_all((0..count).map(agent)).await.expect("an agent's task runs to its end");
    let reports = outcome.into_iter().collect::<Result<Vec<_>, _>>();
    reports.unwrap_or_else(|error| panic!("the agent benchmarks need every answer: {error}")).concat()
}

async fn agent_at_work(supervisor: Supervisor, agent: usize, requests: usize) -> Result<Reports, AgentError> {
    let mut reports = Reports::with_capacity(requests);
    for number in 0..requests {
        let request = request(agent, number);
        let report = supervisor.run(&request).await?;
        reports.push((request, report));
    }
    Ok(reports)
}

fn request(agent: usize, number: usize) -> String {
    format!("Team {agent} spent {}% more on model calls this week. What should it change?", 10 + number)
}
