//! `build` starts threads, but changes nothing for `tracing` in the process.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use test_support::with_env;

#[test]
fn build_leaves_tracing_without_a_dispatcher() {
    let tools = with_env(&[
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "200ms"),
        ("AUTOTEL_METRICS__EXPORTERS", "otlp,prometheus"),
        ("AUTOTEL_PROMETHEUS__PORT", "0"),
    ])
    .build()
    .unwrap();
    tools.logger("x").info("exported", &[]);
    // The threads run: they find that nothing listens there.
    tools.force_flush().unwrap_err();
    // With a dispatcher, even a scoped one, `tracing` looks for it at each event of each thread.
    assert!(!tracing::dispatcher::has_been_set());
    let _ = tools.shutdown();
    assert!(!tracing::dispatcher::has_been_set());
}
