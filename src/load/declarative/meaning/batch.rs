//! Batch processors and simple processors.

use super::{
    super::{fault::Fault, node::Node, writer::Writer},
    exporter::Exporters,
};
use crate::config::{Signal, value::ParseError};

/// The maximum capacity of a queue.
const MAX_QUEUE: i64 = 1_000_000;

/// The least delay in milliseconds.
const MIN_DELAY: i64 = 10;

const KEYS: [&str; 4] = ["schedule_delay", "export_timeout", "max_queue_size", "max_export_batch_size"];

/// Writes the processors of a signal: its exporters, and the batches that they share.
pub(super) fn processors(signal: Signal, list: &Node, w: &mut Writer) {
    let mut exporters = Exporters::new(signal);
    let mut first: Option<([Option<i64>; 4], &Node)> = None;
    for (kind, processor) in list.items().iter().filter_map(Node::choice) {
        let Some(exporter) = processor.get("exporter") else { continue };
        let has_queue = exporters.add(exporter, w);
        if !has_queue {
            for key in KEYS.iter().filter_map(|key| processor.some(key)) {
                w.warn(key, ParseError::of_key("has no effect: the console exporter writes at once"));
            }
            continue;
        }
        let values = if kind == "simple" {
            [Some(MIN_DELAY), None, None, Some(1)]
        } else {
            KEYS.map(|key| processor.some(key).and_then(Node::integer))
        };
        let with_defaults = effective(signal, values);
        match first {
            None => {
                first = Some((with_defaults, processor));
                write(signal, kind, processor, w);
            }
            Some((other, of)) if other != with_defaults => {
                let error = ParseError::of_key(format!(
                    "has other values than {}: the exporters of a signal share one kind of batch",
                    of.path
                ));
                w.faults.push(Fault::at_key(
                    processor,
                    error.with_help("use the same processor with the same values"),
                ));
            }
            Some(_) => {}
        }
    }
    exporters.finish(list, w);
}

fn effective(signal: Signal, [delay, timeout, queue, batch]: [Option<i64>; 4]) -> [Option<i64>; 4] {
    let default_delay = if signal == Signal::Logs { 1_000 } else { 5_000 };
    let queue = queue.unwrap_or(2_048);
    [
        Some(delay.unwrap_or(default_delay).max(MIN_DELAY)),
        Some(timeout.unwrap_or(30_000)),
        Some(queue.min(MAX_QUEUE)),
        Some(batch.unwrap_or_else(|| queue.min(512))),
    ]
}

fn write(signal: Signal, kind: &str, processor: &Node, w: &mut Writer) {
    let key = |name: &str| format!("{signal}.batch.{name}");
    if kind == "simple" {
        w.set(&key("max_export_batch_size"), 1, processor);
        w.set(&key("schedule_delay"), format!("{MIN_DELAY}ms"), processor);
        let warning = ParseError::of_key("sends one request for each item");
        return w.warn(processor, warning.with_help("use `batch`, which is meant for exporters of OTLP"));
    }
    w.copy_millis(&key("schedule_delay"), processor, "schedule_delay", MIN_DELAY);
    w.copy_millis(&key("export_timeout"), processor, "export_timeout", 0);
    w.copy_at_most(&key("max_queue_size"), processor, "max_queue_size", MAX_QUEUE);
    let queue = processor.some("max_queue_size").and_then(Node::integer).unwrap_or(2_048).min(MAX_QUEUE);
    let Some(batch) = processor.some("max_export_batch_size") else { return };
    match batch.integer() {
        Some(size) if size > queue => {
            let message = format!("the batch size of {size} exceeds `max_queue_size`, which is {queue}");
            w.error(batch, message, "reduce it, or raise `max_queue_size`");
        }
        _ => w.copy(&key("max_export_batch_size"), processor, "max_export_batch_size"),
    }
}
