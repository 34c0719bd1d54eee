//! The `sensitivity` group: 50 rows of real work that can be made slower by a known amount, to measure how many of the
//! slow-downs a gate finds and how often it raises a false alarm. It measures the gate, and nothing of the backend.
//!
//! - `cpu/<name>`: 35 rows that keep one processor busy, 200 ns to 200 µs an iteration.
//! - `io/<name>`: 15 rows over loopback TCP, HTTP and WebSocket, and through the pool of an SQLite file.
//!
//! An iteration is a number of equal units of work: [`CPU_UNITS`], or [`IO_UNITS`]. [`SLOWDOWN_VARIABLE`] adds that many
//! percent of them, so that what is injected is more of the same work and no waiting.

mod cpu;
mod io;
mod slowdown;

pub use slowdown::{CPU_UNITS, IO_UNITS, SLOWDOWN_VARIABLE, Slowdown, SlowdownError};

use backend_bench::bench::Harness;

/// Runs every row.
///
/// Ends the process with 2 where [`SLOWDOWN_VARIABLE`] is no slow-down.
///
/// # Panics
/// The slow-down is no whole number of units of a row that is to run.
pub fn run(harness: &mut Harness) {
    let slowdown = Slowdown::from_env().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        std::process::exit(2)
    });
    cpu::run(harness, slowdown);
    io::run(harness, slowdown);
}
