//! Spans: a tree when its local root ends, or one JSON object per span.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use super::{
    exporter::ConsoleExporter, pending_spans::PendingSpans, span_json::span_json, span_tree::push_span_trees,
};
use crate::{
    config::Signal,
    export::{
        destination::SpanDestination,
        flush::{Flush, FlushError},
    },
    format::{LineFormat, json},
};

/// The number of pending spans at which all are written without their roots, which may never end.
const MAX_PENDING: usize = 2048;

/// Writes spans to the console.
#[derive(Debug)]
pub(crate) struct ConsoleSpanDestination {
    console: Arc<ConsoleExporter>,
    pending: Mutex<PendingSpans>,
}

impl ConsoleSpanDestination {
    pub(crate) fn new(console: Arc<ConsoleExporter>) -> Self {
        Self { console, pending: Mutex::default() }
    }

    pub(crate) fn writes_to(&self, console: &Arc<ConsoleExporter>) -> bool {
        Arc::ptr_eq(&self.console, console)
    }

    fn take_pending(&self) -> Vec<Vec<SpanData>> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pending).into_traces().collect()
    }

    fn write(&self, spans: &[SpanData]) {
        self.console.write(Signal::Traces, spans.len(), |format| span_lines(spans, format));
    }

    /// Keeps a span until its local root ends, and then writes the tree.
    fn add(&self, span: SpanData) {
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
            self.take_pending().iter().for_each(|spans| self.write(spans));
        }
    }
}

impl SpanDestination for ConsoleSpanDestination {
    fn accepts(&self) -> bool {
        self.console.lines().accepts()
    }

    fn refuse(&self) {
        self.console.lines().refuse_full(1, &self.console.recorder(Signal::Traces));
    }

    /// Writes the spans inside, since no tree will contain them.
    fn leave_out(&self, span: &SpanData) {
        let inside = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.take_tree(span.span_context.trace_id(), span.span_context.span_id())
        };
        if !inside.is_empty() {
            self.write(&inside);
        }
    }

    fn end(&self, span: &SpanData) {
        match self.console.format() {
            LineFormat::Json => self.write(std::slice::from_ref(span)),
            LineFormat::Text(_) => self.add(span.clone()),
        }
    }

    fn end_owned(&self, span: SpanData) {
        match self.console.format() {
            LineFormat::Json => self.write(&[span]),
            LineFormat::Text(_) => self.add(span),
        }
    }
}

impl Flush for ConsoleSpanDestination {
    /// Writes the pending spans without their roots.
    fn request_flush(&self) -> u64 {
        let pending = self.take_pending();
        for spans in &pending {
            // The program's writer may block, but this thread must not.
            self.console.write_queued(Signal::Traces, spans.len(), |format| span_lines(spans, format));
        }
        if pending.is_empty() { 0 } else { self.console.lines().request_flush() }
    }

    fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        if position == 0 { Ok(()) } else { self.console.lines().wait_flushed(position, deadline) }
    }
}

fn span_lines(spans: &[SpanData], format: LineFormat) -> String {
    let mut out = String::new();
    match format {
        LineFormat::Json => spans.iter().for_each(|span| json::push_line(&mut out, &span_json(span))),
        LineFormat::Text(palette) => push_span_trees(&mut out, spans, palette),
    }
    out
}
