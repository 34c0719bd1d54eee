#!/usr/bin/env bash
# Runs every test of the project: units, promises, and the examples in the documentation.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/prepare.sh
# Without an engine the tests that need it fail; the others still run.
scripts/engines.sh --optional
cargo test --locked --workspace
# The judge on simulated runs: thousands of comparisons, which take ten minutes without optimisation.
cargo test --locked --release --package bench-gate --test simulation
