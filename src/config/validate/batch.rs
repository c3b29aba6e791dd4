//! The rules for the size of a batch and the capacity of its queue.

use super::rule_violation::RuleViolation;
use crate::config::{Config, Otlp, Signal, batch::BatchKeys, value::number::Size};

/// The two keys of one table; `None` if a key is not set there.
#[derive(Clone, Copy)]
struct Sizes {
    batch: Option<Size>,
    queue: Option<Size>,
}

pub(super) fn check(config: &Config, found: &mut Vec<RuleViolation>) {
    let (traces, logs) = (&config.traces.batch, &config.logs.batch);
    for (signal, batch, queue) in [
        (Signal::Traces, traces.max_export_batch_size, traces.max_queue_size),
        (Signal::Logs, logs.max_export_batch_size, logs.max_queue_size),
    ] {
        let general = Sizes { batch, queue: Some(queue) };
        let table = format!("{signal}.batch");
        exceeds((batch, &table), (Some(queue), &table), found);
        for exporter in config.exporters(signal) {
            let (Some(otlp), Some(name)) = (config.otlp_table(exporter), exporter.otlp_table_name()) else {
                continue;
            };
            let own = own_sizes(otlp, signal);
            // The rule for the general keys is checked above.
            if own.batch.is_some() || own.queue.is_some() {
                let own_table = format!("{name}.{signal}.batch");
                let pick = |own: Option<Size>, general| match own {
                    Some(size) => (Some(size), own_table.as_str()),
                    None => (general, table.as_str()),
                };
                exceeds(pick(own.batch, general.batch), pick(own.queue, general.queue), found);
            }
        }
    }
}

fn own_sizes(otlp: &Otlp, signal: Signal) -> Sizes {
    let BatchKeys { max_export_batch_size, max_queue_size, .. } = match signal {
        Signal::Traces => &otlp.traces.batch,
        Signal::Logs => &otlp.logs.batch,
        Signal::Metrics => return Sizes { batch: None, queue: None },
    };
    Sizes { batch: *max_export_batch_size, queue: *max_queue_size }
}

/// Reports a batch that exceeds its queue. Each size comes with its table.
fn exceeds(
    (batch, batch_table): (Option<Size>, &str),
    (queue, queue_table): (Option<Size>, &str),
    found: &mut Vec<RuleViolation>,
) {
    if let Some((batch, queue)) = batch.zip(queue).filter(|(batch, queue)| batch.get() > queue.get()) {
        let (batch_key, queue_key) =
            (format!("{batch_table}.max_export_batch_size"), format!("{queue_table}.max_queue_size"));
        let message = format!(
            "the batch size of {} exceeds the queue size of {} ({queue_key})",
            batch.get(),
            queue.get()
        );
        found.push(RuleViolation::error(&[&batch_key, &queue_key], message));
    }
}
