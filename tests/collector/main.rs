//! Tests that need real programs, such as the OpenTelemetry Collector (`OTELCOL`).
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod collector_restart;
mod message_size;
mod schema_in_editor;
mod signals;

/// The process under test that [`test_support::child::Child`] starts.
#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_main() {
    test_support::child::run();
}
