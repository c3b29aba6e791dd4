//! `install` in a program that already has a logger of the `log` crate: a typed error, and no
//! global is set.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use autotelemetry::{error::ErrorKind, opentelemetry::trace::Tracer as _, prelude::*};
use test_support::with_env;

struct Other;

impl log::Log for Other {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, _: &log::Record<'_>) {}
    fn flush(&self) {}
}

#[test]
fn install_beside_a_logger_fails_and_sets_no_global() {
    log::set_logger(&Other).unwrap();
    for _ in 0..2 {
        let error = with_env(&[("OTEL_SERVICE_NAME", "x")]).install().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyInstalled, "{error}");
        assert!(error.to_string().contains("a logger of the `log` crate is already set"), "{error}");
    }
    let span = autotelemetry::opentelemetry::global::tracer("x").start("x");
    assert!(!autotelemetry::opentelemetry::trace::Span::span_context(&span).is_valid(), "no tracer provider");
    assert!(!tracing::enabled!(tracing::Level::ERROR), "no subscriber");
    assert!(!autotelemetry::logger("x").enabled(Severity::Fatal), "no logger");
}
