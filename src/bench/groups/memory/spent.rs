//! `memory/{allocations,bytes}/{api_request,broadcast_delivery,agent_run}`: what one operation allocates.
//!
//! Counted, not sampled: all of the work is done by one thread, whose arena nobody else uses ([`OwnArena`]), on a runtime
//! of that one thread, so that it does the same in the same order each time. Two runs of one binary give the same number
//! to the last digit. A value is the median of many operations, after others that are not counted, in which pools fill
//! and tables grow: so what happens now and then (a table that doubles) is not in it, and what happens each time is.

mod agent_run;
mod api_request;
mod broadcast_delivery;
mod recorded;

use std::cell::OnceCell;
use std::thread;

use tokio::runtime::Runtime;

use super::work::on_this_thread;
use crate::bench::heap::{OwnArena, Spent};
use crate::bench::{Harness, Unit};

/// Times that each step is done to settle, and times that it is counted: an odd number, for its median.
const WARM_UP: usize = 16;
const COUNTED: usize = 33;

/// An operation whose allocations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A request to the API, from its head to the last byte of its answer: the service is called without a network.
    ApiRequest,
    /// A message of the hub to one of its connections, over a pipe in memory.
    BroadcastDelivery,
    /// A run of the agent, with the share of the simulated model, over a socket.
    AgentRun,
}

/// The steps in which an operation is done, again and again, on a thread of its own.
trait Steps {
    /// Different steps.
    const STEPS: u32;

    /// Operations of one step. Where steps and operations are powers of two, a count divided by them is exact.
    const OPERATIONS: u32;

    /// Prepares the work on `runtime`.
    fn new(runtime: &Runtime) -> Self;

    /// What a step allocates. `beside` is to be called with each operation.
    fn step(&mut self, step: u32, runtime: &Runtime, arena: &OwnArena, beside: &dyn Fn()) -> Spent;
}

/// What one operation allocates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Allocations.
    pub allocations: f64,
    /// Bytes.
    pub bytes: f64,
}

impl Operation {
    const ALL: [Self; 3] = [Self::ApiRequest, Self::BroadcastDelivery, Self::AgentRun];

    fn name(self) -> &'static str {
        match self {
            Self::ApiRequest => "api_request",
            Self::BroadcastDelivery => "broadcast_delivery",
            Self::AgentRun => "agent_run",
        }
    }

    /// Counts what the operation allocates.
    ///
    /// `beside` is called with each operation. The benchmark does nothing in it; a test allocates, to see that it is
    /// counted.
    ///
    /// # Panics
    /// The global allocator is not jemalloc, or the work fails.
    #[must_use]
    pub fn cost(self, beside: impl Fn() + Send + 'static) -> Cost {
        let counting = thread::spawn(move || match self {
            Self::ApiRequest => cost_of::<api_request::Script>(&beside),
            Self::BroadcastDelivery => cost_of::<broadcast_delivery::Audience>(&beside),
            Self::AgentRun => cost_of::<agent_run::Runs>(&beside),
        });
        counting.join().expect("work that succeeds")
    }
}

fn cost_of<S: Steps>(beside: &dyn Fn()) -> Cost {
    let (runtime, arena) = (on_this_thread(), OwnArena::of_this_thread());
    let mut steps = S::new(&runtime);
    let mut round =
        || (0..S::STEPS).map(|step| steps.step(step, &runtime, &arena, beside)).collect::<Vec<_>>();
    let rounds: Vec<_> = (0..WARM_UP + COUNTED).map(|_| round()).skip(WARM_UP).collect();
    let medians = (0..S::STEPS as usize).map(|step| median(rounds.iter().map(|round| round[step]).collect()));
    let (allocations, bytes) = medians.fold((0, 0), |sum, it| (sum.0 + it.allocations, sum.1 + it.bytes));
    let operations = f64::from(S::STEPS * S::OPERATIONS);
    Cost { allocations: allocations as f64 / operations, bytes: bytes as f64 / operations }
}

/// The median of each.
fn median(mut counted: Vec<Spent>) -> Spent {
    let middle = counted.len() / 2;
    let mut median = |of: fn(&Spent) -> u64| of(counted.select_nth_unstable_by_key(middle, of).1);
    Spent { allocations: median(|spent| spent.allocations), bytes: median(|spent| spent.bytes) }
}

pub(super) fn measure(harness: &mut Harness) {
    for operation in Operation::ALL {
        let counted = OnceCell::new();
        let cost = || *counted.get_or_init(|| operation.cost(|| ()));
        let name = operation.name();
        harness.replay(&format!("allocations/{name}"), Unit::Count, |_| vec![cost().allocations]);
        harness.replay(&format!("bytes/{name}"), Unit::Bytes, |_| vec![cost().bytes]);
    }
}
