//! The filters of the `tracing` layers.

use tracing::{Level, Metadata, subscriber::Interest};
use tracing_subscriber::{
    filter::LevelFilter,
    layer::{Context as LayerContext, Filter},
};

use super::{
    filter::ReloadableFilter,
    internal_events::{internal_level, is_internal},
    level::{from_tracing, to_tracing},
};
use crate::diagnostics::DiagnosticLog;

/// The target of all records of the `log` crate that `tracing_log::LogTracer` forwards.
pub(super) const LOG_TRACER_TARGET: &str = "log";

/// Applies the filter of the logs, which can change at run time, to a layer.
pub(super) struct LayerFilter {
    pub(super) filter: ReloadableFilter,
    pub(super) diagnostics: DiagnosticLog,
    pub(super) kind: SpansOrEvents,
}

pub(super) enum SpansOrEvents {
    /// Spans of at least INFO, and more detailed ones where `logs.level` enables that level.
    ///
    /// The only events are errors, which set the status of their span. All events are log records
    /// anyway.
    Spans,
    /// Events that `logs.level` enables, and those of OpenTelemetry crates that `diagnostics.level`
    /// enables.
    Events,
}

impl LayerFilter {
    fn is_enabled(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), *metadata.level());
        let by_filter = || self.filter.enabled(target, from_tracing(level));
        // Cheap checks first: with two differing filters, `tracing` asks on every event.
        match self.kind {
            SpansOrEvents::Spans if metadata.is_event() => level == Level::ERROR && !is_internal(target),
            SpansOrEvents::Spans => !is_internal(target) && (level <= Level::INFO || by_filter()),
            SpansOrEvents::Events if !metadata.is_event() => false,
            SpansOrEvents::Events if is_internal(target) => self.diagnostics.shows(internal_level(metadata)),
            SpansOrEvents::Events => by_filter(),
        }
    }
}

impl<S> Filter<S> for LayerFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &LayerContext<'_, S>) -> bool {
        self.is_enabled(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // `LogTracer` uses one callsite per level, for records of all targets.
        if metadata.target() == LOG_TRACER_TARGET {
            Interest::sometimes()
        } else if self.is_enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    /// Returns the same hint for both layers: of layers that are combined before they are added to
    /// the registry, tracing-subscriber asks only the outer one.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        let of_logs = to_tracing(self.filter.most_detailed());
        Some(of_logs.max(to_tracing(self.diagnostics.level())).max(LevelFilter::INFO))
    }
}
