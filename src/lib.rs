//! Benchmarks for the parts of a Rust backend, which the package `bench-gate` judges.
//!
//! Data walks in one direction:
//!
//! ```text
//! backend/   what is measured      cache, broadcaster, agent, database, api: usable on their own
//!    |  driven by
//! bench/     how it is measured    modes and sizes, workloads, load driver, Criterion measurements
//!    |  Criterion writes estimates to disk
//! bench-gate is it good enough     judges any Criterion project
//! ```
//!
//! `backend` knows nothing of `bench`. `bench` uses of the gate only `bench_gate::metadata`, which describes the files
//! beside Criterion's results. A test of the package `validation` holds the crate to both.
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
