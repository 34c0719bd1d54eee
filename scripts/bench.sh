#!/usr/bin/env bash
# Measures the categories on real parts and judges them: `bench-gate run`, with what it needs.
#
#   scripts/bench.sh --quick            small sizes, about two minutes after the build
#   scripts/bench.sh                    full sizes, about twelve minutes after the build
#   scripts/bench.sh database cache     two categories
#
# Takes what `bench-gate run` takes, and ends with its exit code: 0 good enough, 1 not, 2 could not judge.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! scripts/prepare.sh; then exit 2; fi
# The servers that `database` measures. Without one its rows are NOT RUN, which the report says.
for name in "$@"; do
    case $name in
        database) database=yes ;;
        agent | api | cache | concurrent | memory | websocket) others=yes ;;
    esac
done
if [ "${database:-no}" = yes ] || [ "${others:-no}" = no ]; then scripts/engines.sh --optional; fi
# One build for the gate and the benches: built apart, their common dependencies would be built twice.
if ! cargo build --release --locked --package backend-bench --package bench-gate --bins --benches; then exit 2; fi
exec "${CARGO_TARGET_DIR:-target}/release/bench-gate" run "$@"
