//! Spans: a tree when its local root ends, or one JSON object per span.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use opentelemetry::trace::{SpanId, SpanKind, Status, TraceId};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};

use super::Console;
use crate::{
    config::Signal,
    export::{
        destination::SpanDestination,
        flush::{Flush, FlushError},
    },
    format::{self, Format, json as json_line, text::Palette, value},
    logs::repeats_message,
    text::push_escaped_controls,
};

/// Spans that wait for their root. More than this are written as they are: a root may never end.
const MAX_WAITING: usize = 2048;

/// The widest that the column of names is made, in characters.
const MAX_TITLE: usize = 64;

/// How wide the bars are, in characters.
const BAR_WIDTH: u128 = 20;

#[derive(Debug)]
pub(crate) struct ConsoleSpans {
    console: Arc<Console>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    traces: HashMap<TraceId, Vec<SpanData>>,
    count: usize,
}

impl ConsoleSpans {
    pub(crate) fn new(console: Arc<Console>) -> Self {
        Self { console, waiting: Mutex::default() }
    }

    fn take_waiting(&self) -> Vec<Vec<SpanData>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).traces.into_values().collect()
    }

    fn write(&self, spans: &[SpanData]) {
        self.console.write(Signal::Traces, spans.len(), |format| lines(spans, format));
    }
}

fn lines(spans: &[SpanData], format: Format) -> String {
    let mut out = String::new();
    match format {
        Format::Json => spans.iter().for_each(|span| json_line::append(&mut out, &object(span))),
        Format::Text(palette) => trees(&mut out, spans, palette),
    }
    out
}

impl SpanDestination for ConsoleSpans {
    fn end(&self, span: SpanData) {
        if matches!(self.console.format, Format::Json) {
            return self.write(&[span]);
        }
        let is_local_root = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
        let trace = span.span_context.trace_id();
        let root = span.span_context.span_id();
        let (tree, full) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.traces.entry(trace).or_default().push(span);
            waiting.count += 1;
            let tree = is_local_root.then(|| waiting.take_tree(trace, root));
            (tree, waiting.count >= MAX_WAITING)
        };
        if let Some(tree) = tree {
            self.write(&tree);
        }
        if full {
            self.take_waiting().iter().for_each(|spans| self.write(spans));
        }
    }
}

impl Flush for ConsoleSpans {
    /// Writes the waiting spans without their roots.
    fn request_flush(&self) -> u64 {
        let waiting = self.take_waiting();
        for spans in &waiting {
            // The program's writer may block, which this thread must not.
            self.console.write_queued(Signal::Traces, spans.len(), |format| lines(spans, format));
        }
        if waiting.is_empty() { 0 } else { self.console.lines.request_flush() }
    }

    fn wait_flushed(&self, position: u64, deadline: Instant) -> Result<(), FlushError> {
        if position == 0 { Ok(()) } else { self.console.lines.wait_flushed(position, deadline) }
    }
}

impl Waiting {
    /// Takes `root` and all that descends from it; the rest of the trace belongs to another local root.
    fn take_tree(&mut self, trace: TraceId, root: SpanId) -> Vec<SpanData> {
        let spans = self.traces.remove(&trace).unwrap_or_default();
        let parents: HashMap<SpanId, SpanId> =
            spans.iter().map(|span| (span.span_context.span_id(), span.parent_span_id)).collect();
        let belongs = |span: &SpanData| {
            let mut id = span.span_context.span_id();
            // Bounded, since ids from elsewhere could form a circle.
            for _ in 0..=parents.len() {
                if id == root {
                    return true;
                }
                match parents.get(&id) {
                    Some(parent) => id = *parent,
                    None => return false,
                }
            }
            false
        };
        let (tree, rest): (Vec<_>, Vec<_>) = spans.into_iter().partition(belongs);
        self.count -= tree.len();
        if !rest.is_empty() {
            self.traces.insert(trace, rest);
        }
        tree
    }
}

fn millis(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => format!("{micros}µs"),
        1_000..1_000_000 => format!("{:.1}ms", duration.as_secs_f64() * 1e3),
        _ => format!("{:.2}s", duration.as_secs_f64()),
    }
}

fn duration(span: &SpanData) -> Duration {
    span.end_time.duration_since(span.start_time).unwrap_or_default()
}

struct Row<'s> {
    branch: String,
    span: &'s SpanData,
}

/// The spans as trees: each span without its parent here is a root.
pub(crate) fn trees(out: &mut String, spans: &[SpanData], palette: Palette) {
    let ids: HashSet<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let mut children: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut roots = Vec::new();
    for span in spans {
        if ids.contains(&span.parent_span_id) && span.parent_span_id != span.span_context.span_id() {
            children.entry(span.parent_span_id).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|span| span.start_time);
    }
    roots.sort_by_key(|span| span.start_time);
    for root in roots {
        let mut rows = Vec::new();
        descend(&mut rows, root, String::new(), "", &children);
        tree(out, &rows, palette);
    }
}

fn descend<'s>(
    rows: &mut Vec<Row<'s>>,
    span: &'s SpanData,
    branch: String,
    below: &str,
    children: &HashMap<SpanId, Vec<&'s SpanData>>,
) {
    rows.push(Row { branch, span });
    let siblings = children.get(&span.span_context.span_id()).map_or(&[][..], Vec::as_slice);
    for (index, child) in siblings.iter().enumerate() {
        let last = index + 1 == siblings.len();
        let (fork, bar) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        descend(rows, child, format!("{below}{fork}"), &format!("{below}{bar}"), children);
    }
}

fn tree(out: &mut String, rows: &[Row<'_>], palette: Palette) {
    let (dim, bold, bad, accent, reset) =
        (palette.dim(), palette.bold(), palette.bad(), palette.accent(), palette.reset());
    let Some(root) = rows.first().map(|row| row.span) else { return };
    let trace = root.span_context.trace_id();
    out.extend([dim, &format::time_text(Some(root.start_time)), reset, " ", bold, "trace", reset]);
    let _ = writeln!(out, " {dim}{trace}{reset}");

    let titles: Vec<String> = rows.iter().map(|row| title(row.span)).collect();
    let width = |row: &Row<'_>, title: &String| row.branch.chars().count() + title.chars().count();
    let widest = rows.iter().zip(&titles).map(|(row, title)| width(row, title)).max();
    // What is longer stands out of its column.
    let widest = widest.unwrap_or_default().min(MAX_TITLE);
    for (row, title) in rows.iter().zip(&titles) {
        let Row { branch, span } = row;
        let padding = " ".repeat(widest.saturating_sub(width(row, title)));
        let took = millis(duration(span));
        let bar = bar(root, span);
        let color = if matches!(span.status, Status::Error { .. }) { bad } else { palette.good() };
        let _ = write!(out, "  {dim}{branch}{reset}{title}{padding}  {took:>8}  {color}{bar}{reset}");
        if let Status::Error { description } = &span.status {
            let _ = write!(out, "  {bad}ERROR");
            if !description.is_empty() {
                out.push_str(": ");
                push_escaped_controls(out, description);
            }
            out.push_str(reset);
        }
        for attribute in &span.attributes {
            let _ = write!(out, "  {accent}");
            push_escaped_controls(out, attribute.key.as_str());
            let _ = write!(out, "{reset}=");
            value::text(out, &value::any(&attribute.value));
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
        for event in &span.events.events {
            let offset = millis(event.timestamp.duration_since(span.start_time).unwrap_or_default());
            let indent = " ".repeat(branch.chars().count());
            let _ = write!(out, "  {indent}  {dim}· +{offset}{reset} ");
            push_escaped_controls(out, &event.name);
            let attributes = || event.attributes.iter().map(|kv| (kv.key.as_str(), &kv.value));
            for (key, attribute) in
                attributes().filter(|(key, value)| !repeats_message(key, *value, attributes()))
            {
                out.push(' ');
                value::pair(out, key, &value::any(attribute));
            }
            out.push('\n');
        }
    }
}

fn title(span: &SpanData) -> String {
    let mut title = String::new();
    push_escaped_controls(&mut title, &span.name);
    if let Some(kind) = kind(&span.span_kind) {
        let _ = write!(title, " ({kind})");
    }
    title
}

fn kind(kind: &SpanKind) -> Option<&'static str> {
    match kind {
        SpanKind::Internal => None,
        SpanKind::Client => Some("client"),
        SpanKind::Server => Some("server"),
        SpanKind::Producer => Some("producer"),
        SpanKind::Consumer => Some("consumer"),
    }
}

/// Where in its root's time a span ran.
fn bar(root: &SpanData, span: &SpanData) -> String {
    let total = duration(root).as_nanos().max(1);
    let since =
        |time: SystemTime| time.duration_since(root.start_time).unwrap_or_default().as_nanos().min(total);
    let (start, end) =
        (since(span.start_time) * BAR_WIDTH / total, (since(span.end_time) * BAR_WIDTH).div_ceil(total));
    (0..BAR_WIDTH)
        .map(|at| if at >= start.min(BAR_WIDTH - 1) && at < end.max(start + 1) { '█' } else { '·' })
        .collect()
}

fn object(span: &SpanData) -> Value {
    let attributes = |attributes: &[opentelemetry::KeyValue]| -> Map<String, Value> {
        let json = |kv: &opentelemetry::KeyValue| {
            (kv.key.as_str().to_owned(), json_line::tree(&value::any(&kv.value)))
        };
        attributes.iter().map(json).collect()
    };
    let events: Vec<_> = span
        .events
        .events
        .iter()
        .map(|event| {
            json!({
                "timestamp": format::time_text(Some(event.timestamp)),
                "name": event.name,
                "attributes": attributes(&event.attributes),
            })
        })
        .collect();
    let (status, description) = match &span.status {
        Status::Unset => ("unset", None),
        Status::Ok => ("ok", None),
        Status::Error { description } => ("error", Some(description.as_ref())),
    };
    let parent = (span.parent_span_id != SpanId::INVALID).then(|| span.parent_span_id.to_string());
    json!({
        "timestamp": format::time_text(Some(span.start_time)),
        "span": span.name,
        "kind": kind(&span.span_kind).unwrap_or("internal"),
        "scope": span.instrumentation_scope.name(),
        // To the nanosecond, without what binary fractions add.
        "duration_ms": (duration(span).as_secs_f64() * 1e9).round() / 1e6,
        "status": status,
        "status_description": description,
        "attributes": attributes(&span.attributes),
        "events": events,
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_span_id": parent,
    })
}
