//! The filter of the `tracing` layer.

use tracing::{Level, Metadata, subscriber::Interest};
use tracing_subscriber::{
    filter::LevelFilter,
    layer::{Context as LayerContext, Filter},
};

use super::{
    callsites,
    filter::ReloadableFilter,
    internal_events::{internal_level, is_internal},
    level::{from_tracing, to_tracing},
    span_scopes::SpanScopes,
};
use crate::{context, diagnostics::DiagnosticLog};

/// The target of all records of the `log` crate that `tracing_log::LogTracer` forwards.
pub(super) const LOG_TRACER_TARGET: &str = "log";

/// Applies the filter of the logs, which can change at run time, to a layer.
///
/// It enables:
///
/// - Spans of at least INFO, and more detailed ones where `logs.level` enables that level, unless
///   `traces.scopes` disables their target.
/// - Events that `logs.level` enables, and all errors, which set the status of their span.
/// - Events of OpenTelemetry crates that `diagnostics.level` enables.
#[derive(Clone)]
pub(super) struct LayerFilter {
    pub(super) logs: ReloadableFilter,
    pub(super) diagnostics: DiagnosticLog,
    pub(super) span_scopes: SpanScopes,
}

impl LayerFilter {
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), *metadata.level());
        if is_internal(target) {
            return metadata.is_event() && self.diagnostics.shows(internal_level(metadata));
        }
        if metadata.is_span() && !self.span_scopes.enable(target) {
            return false;
        }
        let always = if metadata.is_event() { Level::ERROR } else { Level::INFO };
        level <= always || self.enables_record(target, level)
    }

    /// Returns whether a record of this target and level reaches an exporter.
    pub(super) fn enables_record(&self, target: &str, level: Level) -> bool {
        self.logs.enabled(target, from_tracing(level))
    }

    /// Returns whether a span or event must not arise at all on this thread.
    ///
    /// The registry cannot create spans while the thread ends. On the export threads, the network
    /// crates would produce telemetry about each export.
    #[inline]
    pub(super) fn forbids(metadata: &Metadata<'_>) -> bool {
        context::is_export_thread() || (metadata.is_span() && context::is_thread_ending())
    }
}

impl<S> Filter<S> for LayerFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &LayerContext<'_, S>) -> bool {
        // The layer is asked next, and can disable what is forbidden for all layers.
        self.enables(metadata) || Self::forbids(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        callsites::remember(metadata);
        // `LogTracer` uses one callsite per level, for records of all targets.
        if metadata.target() == LOG_TRACER_TARGET {
            Interest::sometimes()
        } else if self.enables(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let of_logs = to_tracing(self.logs.most_detailed());
        Some(of_logs.max(to_tracing(self.diagnostics.level())).max(LevelFilter::INFO))
    }
}
