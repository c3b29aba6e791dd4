//! Tests of the library through its public API, one module per subject.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod config_examples;
mod console;
mod examples;
mod explain;
mod export;
mod export_failures;
mod features;
mod file;
mod flush;
mod fork;
mod generated;
mod invalid_config;
mod logs;
mod metrics;
mod otel_env;
mod precedence;
mod problems;
mod prometheus;
mod readme;
mod readme_images;
mod self_metrics;
mod shutdown;
mod testing;
mod testing_clock;
mod testing_failures;
mod tls;

/// The process under test that [`support::subject::Subject`] starts.
#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_main() {
    support::subject::obey();
}
