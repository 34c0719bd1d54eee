//! The `agent` group: requests through the supervised stages, against a language model that is simulated unless
//! `LLM_BASE_URL` names a real one.
//!
//! `llm_response` asks a simulated model that takes as long as a medium-sized hosted one ([`LatencyProfile::typical`]). For
//! the others it is thirty times faster, so that hundreds of requests fit into an iteration: they measure how well the
//! pipeline keeps a model busy, and not a model. With a real model, they measure that too.

mod endpoint;
mod overhead;

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use criterion::Throughput;
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;

use self::endpoint::{AgentEndpoint, request};
use crate::backend::agent::{AgentError, AgentReport, LatencyProfile, Supervisor};
use crate::bench::harness::runtime;
use crate::bench::{Harness, deployment};

/// How much faster than typical the simulated model is where an iteration has many requests.
const FASTER: u32 = 30;

const PROMPT: &str = "Say in one paragraph how a cache lowers a bill.";

/// Requests and their reports.
type Reports = Vec<(String, AgentReport)>;

/// Runs every benchmark of the `agent` category.
///
/// Ends the process with 2 if `LLM_BASE_URL` is on another machine and the target was not declared to be the user's own.
pub fn run(harness: &mut Harness) {
    deployment::refuse_strangers_or_exit(&["LLM_BASE_URL"]);
    let runtime = runtime();
    throughput(harness, &runtime);
    llm_response(harness, &runtime);
    overhead::measure(harness, &runtime);
}

/// Requests of one agent after the other, and of several at once.
fn throughput(harness: &mut Harness, runtime: &Runtime) {
    let (requests, agents) = (harness.sizes().agent_requests, harness.sizes().agents);
    // The endpoint starts with the first benchmark that a filter does not exclude.
    let fast = LatencyProfile::typical().faster(FASTER);
    let endpoint = LazyCell::new(|| AgentEndpoint::from_env_or_simulated(runtime, fast));
    run_agents(harness, &format!("process/{requests}"), runtime, &endpoint, (requests, 1));
    run_agents(harness, &format!("concurrent/{}x{}", agents.0, agents.1), runtime, &endpoint, agents);
}

/// Agents side by side, each with its requests one after the other.
fn run_agents(
    harness: &mut Harness,
    name: &str,
    runtime: &Runtime,
    endpoint: &LazyCell<AgentEndpoint, impl FnOnce() -> AgentEndpoint>,
    (agents, requests): (usize, usize),
) {
    harness.time_slow(name, Some(Throughput::Elements((agents * requests) as u64)), |bencher| {
        bencher.iter_custom(|iterations| {
            let work = || all_reports(endpoint.supervisor(), agents, requests);
            timed(iterations, runtime, work, |reports| {
                reports.iter().for_each(|(request, report)| endpoint.check_report(request, report));
            })
        });
    });
}

/// One prompt to the end of its streamed answer.
fn llm_response(harness: &mut Harness, runtime: &Runtime) {
    let endpoint = LazyCell::new(|| AgentEndpoint::from_env_or_simulated(runtime, LatencyProfile::typical()));
    harness.time_slow("llm_response", None, |bencher| {
        bencher.iter_custom(|iterations| {
            timed(
                iterations,
                runtime,
                || endpoint.llm().complete(PROMPT),
                |answer| {
                    let answer = answer.unwrap_or_else(|error| panic!("agent/llm_response: {error}"));
                    endpoint.check(PROMPT, &answer.text);
                },
            )
        });
    });
}

/// The time of `iterations` runs of `work`. Checks are not timed.
fn timed<F: Future>(
    iterations: u64,
    runtime: &Runtime,
    work: impl Fn() -> F,
    check: impl Fn(F::Output),
) -> Duration {
    let one = || {
        let started = Instant::now();
        let output = runtime.block_on(work());
        let time = started.elapsed();
        check(output);
        time
    };
    (0..iterations).map(|_| one()).sum()
}

async fn all_reports(supervisor: Supervisor, agents: usize, requests: usize) -> Reports {
    let agent = |agent| tokio::spawn(agent_reports(supervisor.clone(), agent, requests));
    let outcome = try_join_all((0..agents).map(agent)).await.expect("an agent's task runs to its end");
    let reports = outcome.into_iter().collect::<Result<Vec<_>, _>>();
    reports.unwrap_or_else(|error| panic!("the agent benchmarks need every answer: {error}")).concat()
}

async fn agent_reports(supervisor: Supervisor, agent: usize, requests: usize) -> Result<Reports, AgentError> {
    let mut reports = Reports::with_capacity(requests);
    for number in 0..requests {
        let request = request(agent, number);
        let report = supervisor.run(&request).await?;
        reports.push((request, report));
    }
    Ok(reports)
}
