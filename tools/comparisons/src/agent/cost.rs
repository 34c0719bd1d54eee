//! Microseconds and bytes of a run over its bare calls, all on one thread.

use std::time::Instant;

use backend_bench::backend::agent::{LatencyProfile, Llm, SimulatedLlm, Supervisor, SupervisorConfig};
use backend_bench::bench::heap::{OwnArena, AllocationCount};
use tokio::runtime::{Builder, Runtime};

use super::bare::BareCalls;
use super::{REQUEST, SEED};
use crate::turns::{in_turns, median};

/// Rounds in which times are taken, and those before them; rounds in which allocations are counted.
const ROUNDS: usize = 1_001;
const WARM_UP: usize = 100;
const COUNTED: usize = 33;

struct Arms {
    runtime: Runtime,
    supervisor: Supervisor,
    bare: BareCalls,
    _llm: SimulatedLlm,
}

/// Prints what a run of five calls takes more than the calls.
pub fn compare_with_bare_calls() {
    let arms = Arms::start();
    let _ = in_turns(WARM_UP, 2, |arm| arms.microseconds(arm));
    let times = in_turns(ROUNDS, 2, |arm| arms.microseconds(arm));
    let [run, calls] = [median(&times[0]), median(&times[1])];
    let more: Vec<f64> = times[0].iter().zip(&times[1]).map(|(run, calls)| run - calls).collect();
    println!("A run of five stages and its five bare calls, median of {ROUNDS} rounds:");
    println!("  run {run:.0} us, bare calls {calls:.0} us, the run takes {:.1} us more", median(&more));
    report_spent(arms.count());
}

fn report_spent((run, calls): (AllocationCount, AllocationCount)) {
    let more = |of: fn(AllocationCount) -> u64| i128::from(of(run)) - i128::from(of(calls));
    println!("  run {} bytes in {} allocations, ", run.bytes, run.allocations);
    println!("  bare calls {} bytes in {} allocations, ", calls.bytes, calls.allocations);
    println!(
        "  the run takes {} bytes and {} allocations more",
        more(|it| it.bytes),
        more(|it| it.allocations)
    );
}

impl Arms {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a poller");
        let llm =
            runtime.block_on(SimulatedLlm::start(LatencyProfile::zero(), SEED)).expect("a port on loopback");
        let client = Llm::new(llm.llm_config()).expect("a client without TLS");
        let supervisor = Supervisor::new(client, SupervisorConfig::default());
        Self { runtime, supervisor, bare: BareCalls::of(&llm), _llm: llm }
    }

    /// The supervisor's run, or the bare calls.
    async fn once(&self, arm: usize) {
        match arm {
            0 => drop(self.supervisor.run(REQUEST).await.expect("the simulated model answers")),
            _ => self.bare.run().await,
        }
    }

    fn microseconds(&self, arm: usize) -> f64 {
        let started = Instant::now();
        self.runtime.block_on(self.once(arm));
        started.elapsed().as_secs_f64() * 1e6
    }

    /// What either allocates, with the same share of the simulated model in both: the medians.
    fn spent(&self) -> (AllocationCount, AllocationCount) {
        let arena = OwnArena::of_this_thread();
        let counted = |arm| {
            let once = |_| arena.during(|| self.runtime.block_on(self.once(arm)));
            let mut spent: Vec<AllocationCount> = (0..COUNTED).map(once).collect();
            spent.sort_by_key(|spent| spent.bytes);
            spent[COUNTED / 2]
        };
        (counted(0), counted(1))
    }
}
