//! The `sensitivity` rows, by which the gate itself is measured; see `docs/validation.md`.

use backend_bench::bench::Harness;

fn main() {
    let mut harness = Harness::from_env("sensitivity");
    validation::sensitivity::run(&mut harness);
    harness.finish();
}
