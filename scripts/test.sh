#!/usr/bin/env bash
# Runs every test of the project: units, promises, and the examples in the documentation.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/prepare.sh
cargo test --locked
