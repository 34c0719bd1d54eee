//! The types that all modules share: a benchmark with its estimates, the environment, units, and the errors.

pub mod benchmark;
pub mod environment;
pub mod error;
pub mod filter;
pub mod unit;
