#!/usr/bin/env bash
# Drives the packaged extension in a real editor host: VS Code's own workbench, served by the npm package `code-server`, in a headless
# Chromium. `test/host/run.sh WAVEC FOLDER`: FOLDER keeps the packages from one call to the next, and gets the screenshots. Needs node, npm,
# python3 and Chromium; `CHROMIUM` names it where it is not on the PATH.
#
# Ends with 75 where the packages cannot be had.
#
# Nothing is compiled: without `native-watchdog` the host does not end by itself when its window is gone, without `node-pty` there is
# no terminal, without `spdlog` no log.
set -euo pipefail
wavec=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
export CHROMIUM

# The package, made in a copy, so that the checkout stays as it is. Its own tests are another step.
rm -rf "$folder/extension" "$folder/work" "$folder/data" "$folder/extensions"
mkdir -p "$folder/extension" "$folder/work" "$folder/data/data/Machine" "$folder/extensions"
cp -r "$here/../../." "$folder/extension"
without() {
  echo "npm could not install $1"
  exit 75
}
cd "$folder/extension"
npm install --no-audit --no-fund --silent || without "what the extension needs"
npx vsce package --skip-license --allow-missing-repository --out "$folder/wavec.vsix" >"$folder/package.log"

cd "$folder"
[ -d node_modules/code-server ] ||
  npm install --no-audit --no-fund --silent --ignore-scripts code-server@4.99.4 playwright-core@1.65.1 ||
  without "code-server and playwright-core"
host=node_modules/code-server/lib/vscode
[ -d $host/node_modules ] || (cd $host && npm install --omit=dev --no-audit --no-fund --silent --ignore-scripts) ||
  without "what code-server needs"
echo 'module.exports = { start() {} };' >$host/node_modules/native-watchdog/index.js

cat >data/data/Machine/settings.json <<JSON
{ "wavec.path": "$wavec", "workbench.startupEditor": "none" }
JSON
cat >work/plan.wave <<'WAVE'
plan release "Ship the new checkout"

agent coder { driver claude }

wave build "Build it" {
  task schema "Add the tables" {
    agent coder
    writes "migrations/**"
    estimate 30m
  }
  task client "Generate the client" {
    run "make client"
    creates "src/client/**"
    estimate 5m
    after shema
  }
}
WAVE
serve=(node $host/out/server-main.js --extensions-dir "$folder/extensions" --server-data-dir "$folder/data" --accept-server-license-terms)
"${serve[@]}" --install-extension "$folder/wavec.vsix" --force 2>install.log
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${serve[@]}" --host 127.0.0.1 --port "$port" --without-connection-token >server.log 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 150); do
  grep -q 'agent host\|Extension host agent listening' server.log && break
  sleep 0.2
done
NODE_PATH="$folder/node_modules" timeout 150 node "$here/session.js" "$folder" "$port"
