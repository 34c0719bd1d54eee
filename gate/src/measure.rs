//! How benches are run: those of one revision, those of two in turns, and one revision against itself.

pub(crate) mod calibration;
pub mod cargo;
pub(crate) mod interleave;
pub mod process;
mod processor;
pub mod run;
