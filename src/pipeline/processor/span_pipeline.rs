//! The processor of all spans.

use std::{sync::Arc, time::Duration};

use opentelemetry::{Context, trace::Span as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

use crate::{
    context,
    export::{
        destination::SpanDestination,
        flush::{PendingFlush, wait_all},
    },
    pipeline::{limits::SpanLimiter, self_metrics::Counters},
};

/// Counts spans, enforces their limits and passes them to all destinations.
#[derive(Debug)]
pub(crate) struct SpanPipeline {
    counters: Option<Arc<Counters>>,
    limiter: SpanLimiter,
    destinations: Vec<Arc<dyn SpanDestination>>,
    flush_timeout: Duration,
}

impl SpanPipeline {
    pub(crate) fn new(
        counters: Option<Arc<Counters>>,
        limiter: SpanLimiter,
        destinations: Vec<Arc<dyn SpanDestination>>,
        flush_timeout: Duration,
    ) -> Self {
        Self { counters, limiter, destinations, flush_timeout }
    }
}

impl SpanProcessor for SpanPipeline {
    fn on_start(&self, span: &mut Span, _: &Context) {
        // Other bridges may receive the spans of the network crates about an export.
        if context::is_export_thread() {
            return;
        }
        // The SDK has accessed the current context.
        context::watch_current();
        let is_sampled = span.span_context().is_sampled();
        if let Some(counters) = &self.counters {
            counters.start_span(is_sampled);
        }
        if !is_sampled {
            return;
        }
        for destination in &self.destinations {
            destination.start(span);
        }
    }

    fn on_end(&self, mut span: SpanData) {
        if context::is_export_thread() {
            return;
        }
        let is_sampled = span.span_context.is_sampled();
        if let Some(counters) = &self.counters {
            counters.end_span(is_sampled);
        }
        if !is_sampled {
            return;
        }
        // A span that is lost costs no copies.
        if !self.destinations.iter().any(|destination| destination.accepts()) {
            return self.destinations.iter().for_each(|destination| destination.refuse());
        }
        self.limiter.enforce(&mut span);
        let Some((last, others)) = self.destinations.split_last() else { return };
        for destination in others {
            destination.end(&span);
        }
        last.end_owned(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        let pending = self.destinations.iter().map(|destination| PendingFlush::request(&**destination));
        wait_all(pending.collect(), self.flush_timeout)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let pending = self.destinations.iter().map(|destination| PendingFlush::request_last(&**destination));
        wait_all(pending.collect(), timeout)
    }
}
