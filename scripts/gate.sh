#!/usr/bin/env bash
# The gate of CI: quick sizes, reports in test_reports/, and an exit code to trust.
#
#   scripts/gate.sh [what bench-gate run takes]
#
# BENCH_MODE=full measures at full size. In GitHub Actions the summary goes to the job's page as well.
set -uo pipefail
cd "$(dirname "$0")/.."

mode=(--quick)
case "${BENCH_MODE:-quick}" in
    quick) ;;
    full) mode=() ;;
    *) echo "error: BENCH_MODE=$BENCH_MODE names no mode: set it to quick or full" >&2; exit 2 ;;
esac

log=$(mktemp)
trap 'rm -f "$log"' EXIT
scripts/bench.sh "${mode[@]}" "$@" | tee "$log"
code=${PIPESTATUS[0]}

if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    { echo '```'; sed -n '/PERFORMANCE TEST SUMMARY/,$p' "$log"; echo '```'; } >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
