#!/usr/bin/env bash
# Holds the grammar against its corpus, its queries, the parser made of it, and the texts that wavec's own tests have written
# (`cargo test --test suite grammar::`). WAVEC_UPDATE=1 makes the parser anew.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
export CARGO_TARGET_DIR="$root/target/tree-sitter"
cargo build --quiet --manifest-path check/Cargo.toml --bin generate
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$CARGO_TARGET_DIR/debug/generate" "$made"
if [ "${WAVEC_UPDATE:-}" = 1 ]; then
  rm -rf src
  cp -r "$made" src
elif ! diff -rq "$made" src; then
  echo "src is not what grammar.js makes: WAVEC_UPDATE=1 $0"
  exit 1
fi
cargo run --quiet --manifest-path check/Cargo.toml --bin check -- "$root/target/tmp/grammar-texts.jsonl"
