//! The parts of the backend, measured turn by turn against what else there is, and against the limit.
//!
//! Each binary prints the figures of one section of docs/performance.md.

pub mod agent;
pub mod cache;
pub mod fan_out;
pub mod idle;
pub mod turns;
