//! Batch processors and simple processors.

use super::{
    super::{fault::Fault, node::Node, writer::Writer},
    exporter::{Exporters, Written},
};
use crate::config::{Signal, value::ParseError};

/// The maximum capacity of a queue.
const MAX_QUEUE: i64 = 1_000_000;

/// The least delay in milliseconds.
const MIN_DELAY: i64 = 10;

const KEYS: [&str; 4] = ["schedule_delay", "export_timeout", "max_queue_size", "max_export_batch_size"];

/// The places in [`KEYS`].
const QUEUE: usize = 2;
const BATCH: usize = 3;

/// A processor whose exporter has a queue.
struct Processor<'n> {
    is_simple: bool,
    node: &'n Node,
    /// The table of the exporter, if it may have its own batching.
    table: Option<String>,
    /// The effective values of [`KEYS`].
    values: [i64; 4],
}

/// Writes the processors of a signal: its exporters and their batching.
pub(super) fn processors(signal: Signal, list: &Node, w: &mut Writer) {
    let mut exporters = Exporters::new(signal);
    let mut queues = Vec::new();
    for (kind, node) in list.items().iter().filter_map(Node::choice) {
        let Some(exporter) = node.get("exporter") else { continue };
        let Some(written) = exporters.add(exporter, w) else { continue };
        if matches!(written, Written::Console | Written::Prometheus) {
            for key in KEYS.iter().filter_map(|key| node.some(key)) {
                w.warn(key, ParseError::of_key("has no effect: the console exporter writes at once"));
            }
            continue;
        }
        let is_simple = kind == "simple";
        let set = if is_simple {
            [Some(MIN_DELAY), None, None, Some(1)]
        } else {
            KEYS.map(|key| node.some(key).and_then(Node::integer))
        };
        let table = written.table().map(str::to_owned);
        queues.push(Processor { is_simple, node, table, values: effective(signal, set) });
    }
    batching(signal, &queues, w);
    exporters.finish(list, w);
}

/// Writes the batching of one processor for the signal, and that of the others for their exporters.
fn batching(signal: Signal, queues: &[Processor<'_>], w: &mut Writer) {
    // An exporter without a table of its own needs the keys of the signal.
    let general = queues.iter().find(|queue| queue.table.is_none()).or(queues.first());
    let Some(general) = general else { return };
    for queue in queues {
        if std::ptr::eq(queue, general) {
            write(&format!("{signal}.batch"), queue, &general.values, w);
        } else if queue.values != general.values {
            match &queue.table {
                Some(table) => write(&format!("{table}.batch"), queue, &general.values, w),
                None => {
                    let error = ParseError::of_key(format!(
                        "has other values than {}: exporters share them unless they send OTLP",
                        general.node.path
                    ));
                    let help = "use the same processor with the same values";
                    w.faults.push(Fault::at_key(queue.node, error.with_help(help)));
                }
            }
        }
    }
}

fn effective(signal: Signal, [delay, timeout, queue, batch]: [Option<i64>; 4]) -> [i64; 4] {
    let default_delay = if signal == Signal::Logs { 1_000 } else { 5_000 };
    let queue = queue.unwrap_or(2_048);
    [
        delay.unwrap_or(default_delay).max(MIN_DELAY),
        timeout.unwrap_or(30_000),
        queue.min(MAX_QUEUE),
        batch.unwrap_or_else(|| queue.min(512)),
    ]
}

/// Writes the batching of a processor. `general` are the values of keys that `table` does not set.
fn write(table: &str, processor: &Processor<'_>, general: &[i64; 4], w: &mut Writer) {
    let Processor { is_simple, node, values, .. } = processor;
    let key = |name: &str| format!("{table}.{name}");
    // The default of the batch size depends on the queue.
    let is_resized = values[QUEUE] != general[QUEUE];
    for (index, name) in KEYS.iter().enumerate() {
        let differs = values[index] != general[index] || (index == BATCH && is_resized);
        if node.some(name).is_none() && differs {
            let value = values[index];
            match index {
                QUEUE | BATCH => w.set(&key(name), value, node),
                _ => w.set(&key(name), format!("{value}ms"), node),
            }
        }
    }
    if *is_simple {
        w.set(&key("max_export_batch_size"), 1, node);
        w.set(&key("schedule_delay"), format!("{MIN_DELAY}ms"), node);
        let warning = ParseError::of_key("sends one request for each item");
        return w.warn(node, warning.with_help("use `batch`, which is meant for exporters of OTLP"));
    }
    w.copy_millis(&key("schedule_delay"), node, "schedule_delay", MIN_DELAY);
    w.copy_millis(&key("export_timeout"), node, "export_timeout", 0);
    w.copy_at_most(&key("max_queue_size"), node, "max_queue_size", MAX_QUEUE);
    let queue = values[QUEUE];
    let Some(batch) = node.some("max_export_batch_size") else { return };
    match batch.integer() {
        Some(size) if size > queue => {
            let message = format!("the batch size of {size} exceeds `max_queue_size`, which is {queue}");
            w.error(batch, message, "reduce it, or raise `max_queue_size`");
        }
        _ => w.copy(&key("max_export_batch_size"), node, "max_export_batch_size"),
    }
}
