//! Events of the OpenTelemetry crates about themselves.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Metadata,
    field::{Field, Visit},
};

use super::{level::from_tracing, value::format_text};
use crate::{
    config::LevelFilter,
    diagnostics::{DiagnosticLog, RateLimit},
};

/// The crates of the OpenTelemetry project that log about themselves.
///
/// Other crates may have names that begin in the same way. Some of these log under the name of
/// their package, which has hyphens.
const INTERNAL_CRATES: [&str; 13] = [
    "opentelemetry",
    "opentelemetry_appender_log",
    "opentelemetry_appender_tracing",
    "opentelemetry_http",
    "opentelemetry_jaeger_propagator",
    "opentelemetry_otlp",
    "opentelemetry_prometheus",
    "opentelemetry_proto",
    "opentelemetry_resource_detectors",
    "opentelemetry_sdk",
    "opentelemetry_semantic_conventions",
    "opentelemetry_stdout",
    "opentelemetry_zipkin",
];

/// Returns whether `target` is that of an OpenTelemetry crate.
///
/// Their events are emitted under locks of the pipeline and concern the pipeline itself, so they
/// must never enter it.
#[inline]
pub(super) fn is_internal(target: &str) -> bool {
    // The first letter rules out nearly every target without a call.
    target.as_bytes().first() == Some(&b'o') && is_of_internal_crate(target)
}

fn is_of_internal_crate(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or_default();
    let is_name = |internal: &&str| {
        let same = |(a, b): (u8, u8)| a == b || (a == b'-' && b == b'_');
        name.len() == internal.len() && name.bytes().zip(internal.bytes()).all(same)
    };
    INTERNAL_CRATES.iter().any(is_name)
}

/// Returns the level at which an event of an OpenTelemetry crate is reported.
///
/// Their INFO events describe internals and only help to find a fault, so they count as DEBUG.
pub(super) fn internal_level(metadata: &Metadata<'_>) -> LevelFilter {
    match from_tracing(*metadata.level()) {
        LevelFilter::Info => LevelFilter::Debug,
        level => level,
    }
}

/// Reports events of the OpenTelemetry crates on stderr, each at most once per minute.
pub(super) struct InternalEvents {
    diagnostics: DiagnosticLog,
    limits: Mutex<HashMap<&'static str, Arc<RateLimit>>>,
}

impl InternalEvents {
    pub(super) fn new(diagnostics: DiagnosticLog) -> Self {
        Self { diagnostics, limits: Mutex::default() }
    }

    pub(super) fn report(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let name = metadata.name();
        // The exporters report these themselves, with the destination.
        if name.ends_with(".ExportError") {
            return;
        }
        let mut fields = TextVisitor(String::new());
        event.record(&mut fields);
        // The message is written without the lock, since the reader of stderr may be slow.
        let limit =
            Arc::clone(self.limits.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
        if limit.is_due() {
            self.diagnostics.line(internal_level(metadata), format_args!("{name}:{}", fields.0));
        }
    }
}

/// Collects the fields of an event as text.
struct TextVisitor(String);

impl Visit for TextVisitor {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // These events repeat their name as a field.
        if field.name() != "name" {
            self.0.push_str(&format_text(format_args!(" {}={value:?}", field.name())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_of_an_opentelemetry_crate_is_internal() {
        for name in INTERNAL_CRATES {
            for target in [name.to_owned(), name.replace('_', "-"), format!("{name}::part")] {
                assert!(is_internal(&target), "{target}");
            }
        }
    }

    #[test]
    fn target_that_begins_in_the_same_way_is_not_internal() {
        for target in [
            "opentelemetry_demo_checkout::api",
            "opentelemetry-demo",
            "opentelemetry:",
            "opentelemetry_sdk_extras",
            "opentelemetryx",
            "opentelemetr",
            "order",
            "",
            "::opentelemetry",
            "shop::opentelemetry",
        ] {
            assert!(!is_internal(target), "{target}");
        }
    }
}
