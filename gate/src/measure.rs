//! How benches are run: those of one revision, those of two in turns, and one revision against itself.

pub mod ab;
pub mod calibration;
pub mod cargo;
pub mod process;
mod processor;
pub mod run;
