//! A hundred requests at once, against the time that they would take if nothing but the model took any.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backend_bench::backend::agent::{
    AgentStage, LatencyProfile, Llm, LogNormal, SimulatedLlm, Supervisor, SupervisorConfig,
};
use futures_util::future::join_all;
use tokio::runtime::Runtime;

use super::bare::BareCalls;
use super::{REQUEST, SEED};
use crate::turns::{in_turns, median, ratio};

/// Requests at once.
const REQUESTS: usize = 100;

/// Rounds, after one that opens connections.
const ROUNDS: usize = 11;

/// How the model spends some 100 ms on an answer of 8 to 16 tokens.
struct Answers {
    name: &'static str,
    first_token: Duration,
    gap: Duration,
}

const ANSWERS: [Answers; 2] = [
    Answers {
        name: "a model that answers all at once after 100 ms",
        first_token: Duration::from_millis(100),
        gap: Duration::ZERO,
    },
    Answers {
        name: "a model that answers after 40 ms, and then a token every 5 ms",
        first_token: Duration::from_millis(40),
        gap: Duration::from_millis(5),
    },
];

impl Answers {
    fn profile(&self) -> LatencyProfile {
        let always = |median| LogNormal { median, sigma: 0.0 };
        LatencyProfile { first_token: always(self.first_token), gap: always(self.gap) }
    }

    /// The seconds that a run waits whose answers have `tokens` together.
    fn waiting(&self, tokens: u32) -> f64 {
        let answers = AgentStage::ALL.len() as f64;
        answers * self.first_token.as_secs_f64() + (f64::from(tokens) - answers) * self.gap.as_secs_f64()
    }
}

struct Arms {
    runtime: Runtime,
    supervisor: Supervisor,
    bare: Arc<BareCalls>,
    ideal: f64,
    _llm: SimulatedLlm,
}

/// Prints how much longer than the answers of the model 100 runs at once take, and 100 times their bare calls.
pub fn compare_with_ideal() {
    for answers in &ANSWERS {
        let arms = Arms::start(answers);
        let _ = in_turns(1, 2, |arm| arms.seconds(arm));
        let times = in_turns(ROUNDS, 2, |arm| arms.seconds(arm));
        let [runs, calls] = [median(&times[0]), median(&times[1])];
        println!("{REQUESTS} at once on {}, median of {ROUNDS} rounds:", answers.name);
        println!("  waiting alone  {:>7.1} ms", arms.ideal * 1e3);
        println!("  runs           {:>7.1} ms, {:.3} x of that", runs * 1e3, runs / arms.ideal);
        println!("  bare calls     {:>7.1} ms, {:.3} x of that", calls * 1e3, calls / arms.ideal);
        println!("  runs over bare calls {:.3} x", ratio(&times[0], &times[1]));
    }
}

impl Arms {
    fn start(answers: &Answers) -> Self {
        let runtime = Runtime::new().expect("threads");
        let llm = runtime.block_on(SimulatedLlm::start(answers.profile(), SEED)).expect("a port on loopback");
        let client = Llm::new(llm.llm_config()).expect("a client without TLS");
        let supervisor = Supervisor::new(client, SupervisorConfig { concurrency: REQUESTS });
        let report = runtime.block_on(supervisor.run(REQUEST)).expect("the simulated model answers");
        Self {
            runtime,
            supervisor,
            bare: Arc::new(BareCalls::of(&llm)),
            ideal: answers.waiting(report.tokens()),
            _llm: llm,
        }
    }

    fn seconds(&self, arm: usize) -> f64 {
        let started = Instant::now();
        match arm {
            0 => self.runtime.block_on(runs(&self.supervisor)),
            _ => self.runtime.block_on(calls(&self.bare)),
        }
        started.elapsed().as_secs_f64()
    }
}

/// Each on a task of its own, as a server has its requests.
async fn runs(supervisor: &Supervisor) {
    let run = |_| {
        let supervisor = supervisor.clone();
        tokio::spawn(async move { supervisor.run(REQUEST).await })
    };
    for report in join_all((0..REQUESTS).map(run)).await {
        let report = report.expect("a run's task runs to its end").expect("the simulated model answers");
        assert_eq!(report.stages.len(), AgentStage::ALL.len());
    }
}

async fn calls(bare: &Arc<BareCalls>) {
    let call = |_| {
        let bare = Arc::clone(bare);
        tokio::spawn(async move { bare.run().await })
    };
    for ended in join_all((0..REQUESTS).map(call)).await {
        ended.expect("the simulated model answers");
    }
}
