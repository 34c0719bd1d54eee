//! Benchmarks for the parts of a Rust backend, and a gate that judges any Criterion project.
//!
//! The crate has three halls, and data walks through them in one direction:
//!
//! ```text
//! backend/   what is measured      cache, broadcaster, agent, database, api: usable on their own
//!    |  driven by
//! bench/     how it is measured    modes and sizes, workloads, load driver, Criterion measurements
//!    |  Criterion writes estimates to disk
//! gate/      is it good enough     read -> (baseline, threshold) -> judge -> report
//! ```
//!
//! `backend` knows nothing of the other two, `bench` knows `backend`, and `gate` knows neither: it
//! reads files, so it judges any Criterion project. A test (`tests/structure.rs`) holds the crate to it.
//!
//! # Vocabulary
//!
//! One meaning each; `docs/glossary.md` has them at length.
//!
//! - **Benchmark**: one measured thing, named by Criterion's full id (`cache/lookup/hit`).
//! - **Estimate**: a statistic of a benchmark with its confidence interval.
//! - **Statistic**: which estimate is meant (mean, median, slope, …). **Unit**: what it counts.
//! - **Better**: whether lower or higher values are good.
//! - **Run**: the results of one process per category. **Baseline**: a named set of runs with its environment.
//! - **Threshold**: absolute limits (baseline, warning, critical) of a metric, which give a **Severity**
//!   (Info, Low, Medium, Critical).
//! - **Verdict**: Pass, Fail or Undecided, a join over everything judged and never an average.

#![forbid(unsafe_code)]

pub mod backend;
pub mod bench;
