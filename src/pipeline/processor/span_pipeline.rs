//! The processor of all spans.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use opentelemetry::{Context, KeyValue, trace::Span as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

use super::changes::SpanChanges;
use crate::{
    config::{ScopeRule, scope::is_enabled},
    context,
    export::{
        destination::SpanDestination,
        flush::{PendingFlush, wait_all},
    },
    live_cell::{LiveCell, LocalHandle, live},
    logs::BaggageAttributes,
    pipeline::{limits::SpanLimiter, self_metrics::Counters},
};

/// Counts spans, drops those of disabled scopes, redacts the others, enforces their limits and
/// passes them to all destinations.
#[derive(Debug)]
pub(crate) struct SpanPipeline {
    pub(crate) counters: Option<Arc<Counters>>,
    pub(crate) routes: LiveRoutes,
}

/// The settings of a [`SpanPipeline`]. A reload replaces them.
#[derive(Debug)]
pub(crate) struct SpanRoutes {
    pub(crate) changes: SpanChanges,
    pub(crate) limiter: SpanLimiter,
    pub(crate) scopes: Vec<ScopeRule>,
    pub(crate) baggage: Option<Arc<BaggageAttributes>>,
    pub(crate) destinations: Vec<Arc<dyn SpanDestination>>,
    pub(crate) flush_timeout: Duration,
}

live!(SpanRoutes);

/// The routes of all spans. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct LiveRoutes(Arc<(LiveCell<SpanRoutes>, AtomicBool)>);

impl LiveRoutes {
    pub(crate) fn new(routes: SpanRoutes) -> Self {
        let needs_start = AtomicBool::new(routes.needs_start());
        Self(Arc::new((LiveCell::new(routes), needs_start)))
    }

    pub(crate) fn set(&self, routes: SpanRoutes) {
        let (cell, needs_start) = &*self.0;
        let is_needed = routes.needs_start();
        cell.set(routes);
        needs_start.store(is_needed, Ordering::Release);
    }

    fn load(&self) -> LocalHandle<SpanRoutes> {
        self.0.0.load()
    }

    /// Returns whether something has to be done at the start of a span, which is rare.
    fn needs_start(&self) -> bool {
        self.0.1.load(Ordering::Acquire)
    }
}

impl SpanPipeline {
    /// Counts a span that is only recorded.
    #[cold]
    fn count_unsampled(&self, count: fn(&Counters, bool)) {
        if let Some(counters) = &self.counters {
            count(counters, false);
        }
    }
}

impl SpanRoutes {
    /// Returns whether the scope of a span is disabled. Tells the destinations in that case.
    #[cold]
    #[inline(never)]
    fn leaves_out(&self, span: &SpanData) -> bool {
        let is_disabled = !is_enabled(&self.scopes, span.instrumentation_scope.name());
        if is_disabled {
            self.destinations.iter().for_each(|destination| destination.leave_out(span));
        }
        is_disabled
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self) {
        self.destinations.iter().for_each(|destination| destination.refuse());
    }

    fn needs_start(&self) -> bool {
        self.baggage.is_some() || self.destinations.iter().any(|destination| destination.needs_start())
    }

    #[cold]
    fn start(&self, span: &mut Span, parent: &Context) {
        if let Some(baggage) = &self.baggage {
            add_baggage(span, baggage, parent);
        }
        for destination in &self.destinations {
            destination.start(span);
        }
    }
}

/// Adds attributes from the baggage of the parent. Those of the span stay.
#[cold]
fn add_baggage(span: &mut Span, baggage: &BaggageAttributes, parent: &Context) {
    let entries = baggage.of(parent);
    if entries.is_empty() {
        return;
    }
    let own = span.exported_data().map(|data| data.attributes).unwrap_or_default();
    let is_free = |entry: &KeyValue| own.iter().all(|attribute| attribute.key != entry.key);
    span.set_attributes(entries.into_iter().filter(is_free));
}

impl SpanProcessor for SpanPipeline {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        // Other bridges may receive the spans of the network crates about an export.
        if context::is_export_thread() {
            return;
        }
        // The SDK has accessed the current context.
        context::watch_current();
        if !span.span_context().is_sampled() {
            return self.count_unsampled(Counters::start_span);
        }
        if let Some(counters) = &self.counters {
            counters.start_span(true);
        }
        if self.routes.needs_start() {
            self.routes.load().start(span, parent);
        }
    }

    fn on_end(&self, mut span: SpanData) {
        if context::is_export_thread() {
            return;
        }
        if !span.span_context.is_sampled() {
            return self.count_unsampled(Counters::end_span);
        }
        if let Some(counters) = &self.counters {
            counters.end_span(true);
        }
        let routes = self.routes.load();
        if !routes.scopes.is_empty() && routes.leaves_out(&span) {
            return;
        }
        // A span that is lost costs no copies.
        if !routes.destinations.iter().any(|destination| destination.accepts()) {
            return routes.refuse();
        }
        if !routes.changes.apply(&mut span) {
            return routes.destinations.iter().for_each(|destination| destination.leave_out(&span));
        }
        routes.limiter.enforce(&mut span);
        let Some((last, others)) = routes.destinations.split_last() else { return };
        for destination in others {
            destination.end(&span);
        }
        last.end_owned(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        let routes = self.routes.0.0.get();
        let pending = routes.destinations.iter().map(|destination| PendingFlush::request(&**destination));
        wait_all(pending.collect(), routes.flush_timeout)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let routes = self.routes.0.0.get();
        let pending =
            routes.destinations.iter().map(|destination| PendingFlush::request_last(&**destination));
        wait_all(pending.collect(), timeout)
    }
}
