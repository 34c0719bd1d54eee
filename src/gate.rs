//! Is it good enough: judges the estimates that Criterion saved, of any Criterion project.
//!
//! ```text
//! read ──> Benchmark ─┐
//!                     ├─> judge ──> Judgement ──> report (console, json)
//! threshold ──> Metric┘       └──> Verdict ──> exit code
//! ```
//!
//! [`read`] alone knows what Criterion leaves on disk. [`threshold`] holds the absolute limits. [`judge`] joins the
//! two to a [`judge::Verdict`]; nothing passes by absence. [`facts`] is what a bench noted of its engines. [`run`] fills a Criterion home by running the benches
//! of a project, and [`baseline`] keeps named sets of runs.

pub mod ab;
pub mod baseline;
pub mod benchmark;
pub mod calibration;
pub mod cli;
pub mod command;
pub mod compare;
pub mod environment;
pub mod error;
pub mod facts;
pub mod judge;
pub mod noise;
pub mod policy;
pub mod read;
pub mod report;
pub mod run;
pub mod side;
pub mod store;
mod temporary;
pub mod threshold;
pub mod unit;

pub use benchmark::{Benchmark, Estimate};
pub use error::Error;
