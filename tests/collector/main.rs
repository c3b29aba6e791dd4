//! Tests that need real programs, such as the OpenTelemetry Collector (`OTELCOL`).
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod collector_restart;
mod message_size;
mod schema_in_editor;
mod signals;

/// The process under test that [`support::subject::Subject`] starts.
#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_main() {
    support::subject::obey();
}
