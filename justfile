# What is done every day. `just` without a name lists.

default:
    @just --list --unsorted

# all that must hold before a change is shown: what .ci/run does, without installing anything
check: lint test snapshots

# the layout and clippy
lint:
    cargo fmt --all -- --check
    cargo clippy --all-targets -- -D warnings

# all tests, or those whose name contains FILTER
test *FILTER:
    cargo test {{FILTER}}

# lay out the Rust and the examples
fmt:
    cargo fmt --all
    cargo run --quiet -- fmt examples

# snapshots that no test writes any more, or that nobody has accepted
snapshots:
    cargo test --test tidy snapshot

# write the snapshots anew; then read `git diff` as a stranger would
accept *FILTER:
    INSTA_UPDATE=always cargo test {{FILTER}}

# the pages as a book (`cargo install mdbook`), in target/book
book:
    mdbook build docs

# the VS Code extension in VS Code's own workbench, in a headless Chromium; FOLDER keeps the packages and gets the screenshots
vscode FOLDER:
    cargo build
    editors/vscode/test/host/run.sh target/debug/wavec {{FOLDER}}

# the real plan, for real
demo *ARGS:
    cargo run --release -- run examples/gaelp.wave {{ARGS}}
