#!/bin/sh
# Brings in Node and the npm packages where they are missing or the lock file has changed.
#   sh tools/bootstrap.sh run    what ./lotse needs
#   sh tools/bootstrap.sh all    what the tests and the development need too
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
want=${1:-run}
marker="$root/node_modules/.lotse-installed"
lock=$(cksum <"$root/package-lock.json" | tr ' ' '-')
have=$(cat "$marker" 2>/dev/null || true)
if [ "$have" = "all $lock" ] || [ "$have" = "$want $lock" ]; then exit 0; fi

if ! command -v npm >/dev/null 2>&1; then
  echo "lotse: npm is missing. Install Node 20 or newer with npm (on Debian: apt-get install nodejs npm), then run this again." >&2
  exit 1
fi
# Two commands may start at once in a fresh clone: the second waits for the first.
mkdir -p "$root/.cache"
exec 9>"$root/.cache/install.lock"
if command -v flock >/dev/null 2>&1; then flock 9; fi
have=$(cat "$marker" 2>/dev/null || true)
if [ "$have" = "all $lock" ] || [ "$have" = "$want $lock" ]; then exit 0; fi

omit=--omit=dev
[ "$want" = all ] && omit=--include=dev
echo "lotse: installing the npm packages ..." >&2
cd "$root"
# Not "npm ci": it insists on the packages of all other platforms, which not every mirror has. The lock file's versions hold all the same.
if ! npm install --no-save "$omit" --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error >"$root/.cache/npm.log" 2>&1; then
  cat "$root/.cache/npm.log" >&2
  echo "lotse: npm install failed (see above); it needs the npm registry. Run it again when that can be reached." >&2
  exit 1
fi
# What kubectl explain says of each field; without it, it only says that there is none.
sh "$root/tools/node.sh" "$root/tools/describe.ts" >/dev/null 2>&1 || echo "lotse: kubectl explain will have no descriptions" >&2
# Only quicker, never needed: a failure here is no failure.
sh "$root/tools/node.sh" "$root/tools/warm.ts" >/dev/null 2>&1 || true
echo "$want $lock" >"$marker"
