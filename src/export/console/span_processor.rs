//! Spans: a tree when its local root ends, or one JSON object per span.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::{Context, trace::SpanId};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

use super::{
    exporter::ConsoleExporter, pending_spans::PendingSpans, span_json::span_json, span_tree::push_span_trees,
};
use crate::{
    config::Signal,
    format::{LineFormat, json},
};

/// The number of pending spans at which all are written without their roots, which may never end.
const MAX_PENDING: usize = 2048;

/// Writes spans to the console.
#[derive(Debug)]
pub(crate) struct ConsoleSpanProcessor {
    console: Arc<ConsoleExporter>,
    pending: Mutex<PendingSpans>,
}

impl ConsoleSpanProcessor {
    pub(crate) fn new(console: Arc<ConsoleExporter>) -> Self {
        Self { console, pending: Mutex::default() }
    }

    fn write_pending(&self) {
        let pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        for spans in pending.into_traces() {
            self.write(&spans);
        }
    }

    fn write(&self, spans: &[SpanData]) {
        self.console.write(Signal::Traces, spans.len(), |format| {
            let mut out = String::new();
            match format {
                LineFormat::Json => spans.iter().for_each(|span| json::push_line(&mut out, &span_json(span))),
                LineFormat::Text(palette) => push_span_trees(&mut out, spans, palette),
            }
            out
        });
    }
}

impl SpanProcessor for ConsoleSpanProcessor {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if matches!(self.console.format(), LineFormat::Json) {
            return self.write(&[span]);
        }
        let is_local_root = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
        let (trace, root) = (span.span_context.trace_id(), span.span_context.span_id());
        let (tree, is_full) = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.push(span);
            let tree = is_local_root.then(|| pending.take_tree(trace, root));
            (tree, pending.len() >= MAX_PENDING)
        };
        if let Some(tree) = tree {
            self.write(&tree);
        }
        if is_full {
            self.write_pending();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.write_pending();
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.write_pending();
        Ok(())
    }
}
