#!/usr/bin/env bash
# Installs what the build needs beside a C compiler and Rust, if it is missing: make, for jemalloc.
# On a system without apt-get it says what to install, and ends with 1.
set -euo pipefail

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v make >/dev/null || missing+=(make)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "error: missing: ${missing[*]}: install them with your package manager, then start again" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "error: missing: ${missing[*]}: install them as root" >&2; exit 1; }
    as_root=(sudo)
fi
echo "Installing ${missing[*]} (jemalloc is built with it)..." >&2
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
