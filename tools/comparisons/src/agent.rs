//! What the agent adds to the model calls that it makes.
//!
//! Both arms ask the simulated model the same prompts one after the other: the supervisor, and bare calls of the client
//! library that are drained to their end.

mod bare;
mod concurrent;
mod cost;

pub use concurrent::compare_with_ideal;
pub use cost::compare_with_bare_calls;

/// The seed of the simulated model.
const SEED: u64 = 20;

const REQUEST: &str = "Our API bill doubled in a week. What should we change?";
