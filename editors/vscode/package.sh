#!/usr/bin/env bash
# Makes wavec.vsix: installs what the extension needs, tests it, and packs it with its language client.
set -euo pipefail
cd "$(dirname "$0")"
npm install --no-audit --no-fund
npm test
npx vsce package --skip-license --allow-missing-repository --out wavec.vsix
