//! Ended spans whose local root has not ended.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::SpanData;

/// Ended spans whose local root has not ended, by trace.
#[derive(Debug, Default)]
pub(super) struct PendingSpans {
    traces: HashMap<TraceId, Vec<SpanData>>,
    len: usize,
}

impl PendingSpans {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, span: SpanData) {
        self.traces.entry(span.span_context.trace_id()).or_default().push(span);
        self.len += 1;
    }

    pub(super) fn into_traces(self) -> impl Iterator<Item = Vec<SpanData>> {
        self.traces.into_values()
    }

    /// Removes `root` and its descendants. Other spans of the trace belong to another local root.
    pub(super) fn take_tree(&mut self, trace: TraceId, root: SpanId) -> Vec<SpanData> {
        let spans = self.traces.remove(&trace).unwrap_or_default();
        let mut children: HashMap<SpanId, Vec<SpanId>> = HashMap::new();
        for span in &spans {
            children.entry(span.parent_span_id).or_default().push(span.span_context.span_id());
        }
        let (mut ids, mut pending) = (HashSet::new(), vec![root]);
        while let Some(id) = pending.pop() {
            // Ids from other processes could form a cycle, so each is visited once.
            if ids.insert(id) {
                pending.extend(children.remove(&id).into_iter().flatten());
            }
        }
        let is_in_tree = |span: &SpanData| ids.contains(&span.span_context.span_id());
        let (tree, rest): (Vec<_>, Vec<_>) = spans.into_iter().partition(is_in_tree);
        self.len -= tree.len();
        if !rest.is_empty() {
            self.traces.insert(trace, rest);
        }
        tree
    }
}
