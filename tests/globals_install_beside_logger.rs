//! A program that has a logger of the `log` crate already: a typed error, and no global is set.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use autotelemetry::{error::ErrorKind, opentelemetry::trace::Tracer as _, prelude::*};
use support::with_env;

struct Other;

impl log::Log for Other {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, _: &log::Record<'_>) {}
    fn flush(&self) {}
}

#[test]
fn nothing_is_left_behind() {
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
