//! `bench-gate`: parse, do, and say so in the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_gate::main(std::env::args_os())
}
