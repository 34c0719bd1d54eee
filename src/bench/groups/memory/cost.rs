//! `memory/{allocations,bytes}/{api_request,broadcast_delivery,agent_run}`: what one operation allocates.
//!
//! Counted, not sampled: all of the work is done by one thread, whose arena no other thread uses ([`OwnArena`]), on a runtime
//! of that one thread, so that it does the same in the same order each time. Two runs of one binary give the same number
//! to the last digit. A value is the median of many operations, after others that are not counted, in which pools fill
//! and tables grow: so what happens now and then (a table that doubles) is not in it, and what happens each time is.

mod operations;
mod recorded;

use std::cell::OnceCell;
use std::thread;

use self::operations::{AgentSteps, DeliverySteps, RequestSteps, Steps};
use super::work::on_this_thread;
use crate::bench::heap::{AllocationCount, OwnArena};
use crate::bench::{Harness, Unit};

/// Times that each step is done to settle, and times that it is counted: an odd number, for its median.
const WARM_UP: usize = 16;
const COUNTED: usize = 33;

/// An operation whose allocations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CountedOperation {
    /// A request to the API, from its head to the last byte of its answer: the service is called without a network.
    ApiRequest,
    /// A message of the hub to one of its connections, over a pipe in memory.
    BroadcastDelivery,
    /// A run of the agent, with the share of the simulated model, over a socket.
    AgentRun,
}

/// What one operation allocates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllocationCost {
    /// Allocations.
    pub allocations: f64,
    /// Bytes.
    pub bytes: f64,
}

impl CountedOperation {
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
    pub fn cost(self, beside: impl Fn() + Send + 'static) -> AllocationCost {
        let counting = thread::spawn(move || match self {
            Self::ApiRequest => cost_of::<RequestSteps>(&beside),
            Self::BroadcastDelivery => cost_of::<DeliverySteps>(&beside),
            Self::AgentRun => cost_of::<AgentSteps>(&beside),
        });
        counting.join().expect("work that succeeds")
    }
}

fn cost_of<S: Steps>(beside: &dyn Fn()) -> AllocationCost {
    let (runtime, arena) = (on_this_thread(), OwnArena::of_this_thread());
    let mut steps = S::new(&runtime);
    let mut round =
        || (0..S::STEPS).map(|step| steps.step(step, &runtime, &arena, beside)).collect::<Vec<_>>();
    let rounds: Vec<_> = (0..WARM_UP + COUNTED).map(|_| round()).skip(WARM_UP).collect();
    let medians = (0..S::STEPS as usize).map(|step| median(rounds.iter().map(|round| round[step]).collect()));
    cost(&medians.collect::<Vec<_>>(), f64::from(S::STEPS * S::OPERATIONS))
}

fn cost(steps: &[AllocationCount], operations: f64) -> AllocationCost {
    let sum = |of: fn(&AllocationCount) -> u64| steps.iter().map(of).sum::<u64>() as f64;
    AllocationCost {
        allocations: sum(|step| step.allocations) / operations,
        bytes: sum(|step| step.bytes) / operations,
    }
}

/// The median of each.
fn median(mut counted: Vec<AllocationCount>) -> AllocationCount {
    let middle = counted.len() / 2;
    let mut median = |of: fn(&AllocationCount) -> u64| of(counted.select_nth_unstable_by_key(middle, of).1);
    AllocationCount { allocations: median(|spent| spent.allocations), bytes: median(|spent| spent.bytes) }
}

pub(super) fn measure(harness: &mut Harness) {
    for operation in CountedOperation::ALL {
        let counted = OnceCell::new();
        let cost = || *counted.get_or_init(|| operation.cost(|| ()));
        let name = operation.name();
        harness.replay(&format!("allocations/{name}"), Unit::Count, |_| vec![cost().allocations]);
        harness.replay(&format!("bytes/{name}"), Unit::Bytes, |_| vec![cost().bytes]);
    }
}
