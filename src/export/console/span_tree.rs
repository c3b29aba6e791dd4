//! Spans as trees.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use opentelemetry::trace::{Event, SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;

use super::span_fields::{duration, kind_name};
use crate::{
    format::{
        Palette, format_timestamp, repeats_message, to_any_value,
        value::{push_pair, push_value},
    },
    text::push_escaped_controls,
};

/// The maximum width of the column of names, in characters.
const MAX_TITLE: usize = 64;

/// The greatest number of indents. Spans below are indented alike.
const MAX_INDENTS: usize = 32;

/// The width of the bars, in characters.
const BAR_WIDTH: u128 = 20;

/// Appends the spans as trees. A span whose parent is not among them is a root.
pub(crate) fn push_span_trees(out: &mut String, spans: &[SpanData], palette: Palette) {
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
    for siblings in children.values_mut().chain([&mut roots]) {
        siblings.sort_by_key(|span| span.start_time);
    }
    for root in roots {
        let rows = tree_rows(root, &children);
        push_tree(out, root, &rows, palette);
    }
}

/// A span, and the branches that lead to it.
struct TreeRow<'s> {
    branch: String,
    span: &'s SpanData,
}

/// Returns the rows of a span and its descendants, without recursion: a chain may be long.
fn tree_rows<'s>(root: &'s SpanData, children: &HashMap<SpanId, Vec<&'s SpanData>>) -> Vec<TreeRow<'s>> {
    let mut rows = Vec::new();
    // With each span, the indent in front of its children and the number of its ancestors.
    let mut pending = vec![(TreeRow { branch: String::new(), span: root }, String::new(), 0)];
    while let Some((row, indent, depth)) = pending.pop() {
        let siblings = children.get(&row.span.span_context.span_id()).map_or(&[][..], Vec::as_slice);
        for (index, child) in siblings.iter().enumerate().rev() {
            let is_last = index + 1 == siblings.len();
            let (fork, bar) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let branch = format!("{indent}{fork}");
            // Indents of a long chain would make the output quadratic.
            let below = if depth < MAX_INDENTS { format!("{indent}{bar}") } else { indent.clone() };
            pending.push((TreeRow { branch, span: child }, below, depth + 1));
        }
        rows.push(row);
    }
    rows
}

fn push_tree(out: &mut String, root: &SpanData, rows: &[TreeRow<'_>], palette: Palette) {
    let (dim, bold, reset) = (palette.dim(), palette.bold(), palette.reset());
    let trace = root.span_context.trace_id();
    out.extend([dim, &format_timestamp(Some(root.start_time)), reset, " ", bold, "trace", reset]);
    let _ = writeln!(out, " {dim}{trace}{reset}");

    let titles: Vec<String> = rows.iter().map(|row| title(row.span)).collect();
    let width = |row: &TreeRow<'_>, title: &String| row.branch.chars().count() + title.chars().count();
    let widest = rows.iter().zip(&titles).map(|(row, title)| width(row, title)).max();
    // A longer name exceeds its column.
    let column = widest.unwrap_or_default().min(MAX_TITLE);
    for (row, title) in rows.iter().zip(&titles) {
        let TreeRow { branch, span } = row;
        let padding = " ".repeat(column.saturating_sub(width(row, title)));
        let took = format_duration(duration(span));
        let bar = bar(root, span);
        let color = if matches!(span.status, Status::Error { .. }) { palette.bad() } else { palette.good() };
        let _ = write!(out, "  {dim}{branch}{reset}{title}{padding}  {took:>8}  {color}{bar}{reset}");
        push_status(out, &span.status, palette);
        for attribute in &span.attributes {
            let _ = write!(out, "  {}", palette.accent());
            push_escaped_controls(out, attribute.key.as_str());
            let _ = write!(out, "{reset}=");
            push_value(out, &to_any_value(&attribute.value));
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
        for event in &span.events.events {
            let indent = " ".repeat(branch.chars().count());
            push_event(out, event, span.start_time, &indent, palette);
        }
    }
}

fn push_status(out: &mut String, status: &Status, palette: Palette) {
    if let Status::Error { description } = status {
        out.extend(["  ", palette.bad(), "ERROR"]);
        if !description.is_empty() {
            out.push_str(": ");
            push_escaped_controls(out, description);
        }
        out.push_str(palette.reset());
    }
}

fn push_event(out: &mut String, event: &Event, start: SystemTime, indent: &str, palette: Palette) {
    let (dim, reset) = (palette.dim(), palette.reset());
    let offset = format_duration(event.timestamp.duration_since(start).unwrap_or_default());
    let _ = write!(out, "  {indent}  {dim}· +{offset}{reset} ");
    push_escaped_controls(out, &event.name);
    let attributes = || event.attributes.iter().map(|attribute| (attribute.key.as_str(), &attribute.value));
    for (key, value) in attributes().filter(|(key, value)| !repeats_message(key, *value, attributes())) {
        out.push(' ');
        push_pair(out, key, &to_any_value(value));
    }
    out.push('\n');
}

fn title(span: &SpanData) -> String {
    let mut title = String::new();
    push_escaped_controls(&mut title, &span.name);
    if span.span_kind != SpanKind::Internal {
        let _ = write!(title, " ({})", kind_name(&span.span_kind));
    }
    title
}

/// Returns the bar that shows when, within the time of its root, a span ran.
fn bar(root: &SpanData, span: &SpanData) -> String {
    let total = duration(root).as_nanos().max(1);
    let since_start =
        |time: SystemTime| time.duration_since(root.start_time).unwrap_or_default().as_nanos().min(total);
    let start = since_start(span.start_time) * BAR_WIDTH / total;
    let end = (since_start(span.end_time) * BAR_WIDTH).div_ceil(total);
    (0..BAR_WIDTH)
        .map(|at| if at >= start.min(BAR_WIDTH - 1) && at < end.max(start + 1) { '█' } else { '·' })
        .collect()
}

fn format_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => format!("{micros}µs"),
        1_000..1_000_000 => format!("{:.1}ms", duration.as_secs_f64() * 1e3),
        _ => format!("{:.2}s", duration.as_secs_f64()),
    }
}
