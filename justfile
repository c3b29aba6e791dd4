# Tasks for development. `just` lists them; CONTRIBUTING.md explains them.

_default:
    @just --list --unsorted

# Build the workspace with all features.
build:
    cargo build --workspace --all-features

packages := "--workspace --exclude autotelemetry-benches"

# Run all tests, or some tests of the library: `just test it export`.
test *filter:
    cargo test --all-features {{ if filter == "" { packages } else { "--test " + filter } }}

# Check format, lints and spelling.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    typos

# Build the documentation as docs.rs does.
docs *options:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features {{ options }}

# Show the guide as a book (needs mdbook).
guide:
    mdbook serve --open docs

# Compare with other libraries: all benchmarks, or one, such as `just bench otlp`.
bench name="":
    cargo bench -p autotelemetry-benches {{ if name == "" { "" } else { "--bench " + name } }}

# Rewrite the golden files: schema, reference.toml, tables of the guide, expected output.
golden:
    UPDATE_GOLDEN=1 cargo test --all-features {{ packages }}
    git status --short

# Check licences, sources and known vulnerabilities of dependencies.
deny:
    cargo deny --workspace check

# The same without the advisory database, for work without a network.
deny-offline:
    cargo deny --workspace --offline check bans licenses sources

# Run everything that must pass before a change is merged.
ci:
    bash .ci/run
