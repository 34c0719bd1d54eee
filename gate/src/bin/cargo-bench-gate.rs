//! `cargo bench-gate …`: the same program, called by cargo, which gives the subcommand's name as the first argument.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "bench-gate") {
        arguments.remove(1);
    }
    bench_gate::main(arguments)
}
