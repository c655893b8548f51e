#!/usr/bin/env bash
# Holds the grammar against its corpus, its queries, and wavec: ./check.sh [WAVEC]
set -euo pipefail
cd "$(dirname "$0")/../.."
wavec=$(realpath "${1:-target/debug/wavec}")
find tests/cases examples -name '*.wave' -size -64k | sort | xargs cargo run --quiet --manifest-path editors/tree-sitter-wave/check/Cargo.toml -- "$wavec"
