#!/usr/bin/env bash
# The gate of CI: quick sizes, reports in test_reports/, and an exit code to trust.
#
#   scripts/gate.sh [what bench-gate run takes]        the absolute limits of baselines/thresholds.toml
#   scripts/gate.sh BASE [what bench-gate ab takes]    those, and then BASE against what is here, turn by turn
#
# BASE is a revision: origin/main, a tag, a commit. BENCH_MODE=full measures the limits at full size. With BASE the exit
# code is the worse of both: 1 (not good enough), then 2 (could not judge), then 3 (the data do not tell).
# In GitHub Actions the summary goes to the job's page as well.
set -uo pipefail
cd "$(dirname "$0")/.."

mode=(--quick)
case "${BENCH_MODE:-quick}" in
    quick) ;;
    full) mode=() ;;
    *) echo "error: BENCH_MODE=$BENCH_MODE names no mode: set it to quick or full" >&2; exit 2 ;;
esac

is_category() { [ -f "benches/$1.rs" ]; }
is_revision() { git rev-parse --verify --quiet --end-of-options "$1^{commit}" >/dev/null; }

base=
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ] && ! is_category "$1"; then
    if ! is_revision "$1"; then
        echo "error: $1 is neither a revision nor a bench target: name one; in CI, fetch the history (fetch-depth: 0)" >&2
        exit 2
    fi
    base=$1
    shift
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

summarize() {
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
        { echo '```'; sed -n "/$1/,\$p" "$log"; echo '```'; } >>"$GITHUB_STEP_SUMMARY"
    fi
}

if [ -z "$base" ]; then
    scripts/bench.sh "${mode[@]}" "$@" | tee "$log"
    code=${PIPESTATUS[0]}
    summarize 'PERFORMANCE TEST SUMMARY'
    exit "$code"
fi

scripts/bench.sh "${mode[@]}" | tee "$log"
limits=${PIPESTATUS[0]}
summarize 'PERFORMANCE TEST SUMMARY'
"${CARGO_TARGET_DIR:-target}/release/bench-gate" ab "$base" "$@" | tee "$log"
compared=${PIPESTATUS[0]}
summarize '^[Cc]ompar'
for code in 1 2 3; do
    if [ "$limits" -eq "$code" ] || [ "$compared" -eq "$code" ]; then exit "$code"; fi
done
exit $((limits > compared ? limits : compared))
