#!/bin/sh
# Puts the real clients that the end-to-end tests use into .cache/clients: kubectl-1.32, kubectl-1.35, helm. Prints nothing when they are there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here="$root/tools/clients"
target="$root/.cache/clients"
stamp=$(cksum <"$here/package-lock.json" | tr ' ' '-')
if [ "$(cat "$target/.installed" 2>/dev/null || true)" = "$stamp" ]; then exit 0; fi
echo "installing kubectl and helm for the tests ..." >&2
mkdir -p "$target"
(cd "$here" && npm ci --no-audit --no-fund --loglevel=error >&2)
# Python is there wherever these tests run; unzip may not be.
python3 - "$here/node_modules/@aws-cdk" "$target" <<'PYTHON'
import os, sys, zipfile
packages, target = sys.argv[1:]
for version, members in (("32", {"kubectl/kubectl": "kubectl-1.32"}), ("35", {"kubectl/kubectl": "kubectl-1.35", "helm/helm": "helm"})):
    with zipfile.ZipFile(f"{packages}/lambda-layer-kubectl-v{version}/lib/layer.zip") as layer:
        for member, name in members.items():
            path = os.path.join(target, name)
            with layer.open(member) as source, open(path + ".new", "wb") as file:
                while chunk := source.read(1 << 20):
                    file.write(chunk)
            os.chmod(path + ".new", 0o755)
            os.replace(path + ".new", path)
PYTHON
echo "$stamp" >"$target/.installed"
