//! Events of the OpenTelemetry crates about themselves.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Metadata,
    field::{Field, Visit},
};

use super::level::from_tracing;
use crate::{
    config::LevelFilter,
    diagnostics::{DiagnosticLog, RateLimit},
};

/// Returns whether `target` is that of an OpenTelemetry crate.
///
/// Their events are emitted under locks of the pipeline and concern the pipeline itself, so they
/// must never enter it.
pub(super) fn is_internal(target: &str) -> bool {
    // The first letter rules out nearly every target without a call.
    target.as_bytes().first() == Some(&b'o') && target.starts_with("opentelemetry")
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
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}
