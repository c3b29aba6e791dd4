//! Builds the logger provider from [`Logs`].

use std::sync::Arc;

use opentelemetry_sdk::logs::{LogProcessor, SdkLoggerProvider};

use super::{
    Parts,
    limits::Limited,
    processor::{Fanout, Gated, Shared, gated},
    self_metrics::counters::Counted,
};
use crate::{
    config::{ExporterRef, LogBatch, Logs, Signal},
    error::Error,
    logs::{Filter, Gate, LoggerFactory},
};

pub(crate) fn factory(
    logs: &Logs,
    exporters: &[ExporterRef],
    parts: &mut Parts<'_>,
) -> Result<LoggerFactory, Error> {
    // The levels are judged by `Filter`; what goes where was resolved into `exporters`, and the limits by the
    // configuration as a whole.
    let Logs { exporters: _, level: _, levels: _, code_location, batch, limits: _ } = logs;
    let flush_limit = parts.shutdown_timeout();
    let filter = Filter::new(logs, exporters);
    let mut processors = Fanout::<dyn LogProcessor>::new();
    for exporter in exporters {
        let gate = filter.gate(exporter);
        match exporter {
            ExporterRef::Console => {
                processors.add(gated(gate, parts.console(Signal::Logs).logs(flush_limit)));
            }
            ExporterRef::File => {
                let processor = parts.file()?;
                processors.add(gated(gate, processor));
            }
            ExporterRef::Memory => {
                if let Some(processor) = parts.memory(Signal::Logs) {
                    processors.add(gated(gate, processor));
                }
            }
            ExporterRef::Otlp | ExporterRef::Named(_) | ExporterRef::Prometheus => {
                let Some(exporter) = parts.otlp(exporter, Signal::Logs, batch.export_timeout)? else {
                    continue;
                };
                let LogBatch { schedule_delay, export_timeout: _, max_queue_size, max_export_batch_size: _ } =
                    batch;
                let sizes = (*max_queue_size, batch.batch_size());
                let processor = parts.batch(exporter, sizes, schedule_delay.get())?;
                processors.add(gated(gate, processor));
            }
        }
    }
    let builder = || SdkLoggerProvider::builder().with_resource(parts.resource.clone());
    let (mut own, mut open) = (builder(), builder());
    if !processors.is_empty() {
        let limits = parts.loaded.config.log_limits();
        let limited = Arc::new(Limited::new(processors, limits, parts.diagnostics));
        let shared = Shared(Arc::clone(&limited));
        let gated = Gated { gate: Gate::Any(filter.clone()), processor: Shared(limited) };
        if let Some(census) = parts.own.as_ref().map(|own| &own.census) {
            own = own.with_log_processor(Counted { processor: shared, census: Arc::clone(census) });
            open = open.with_log_processor(Counted { processor: gated, census: Arc::clone(census) });
        } else {
            own = own.with_log_processor(shared);
            open = open.with_log_processor(gated);
        }
    }
    Ok(LoggerFactory {
        provider: own.build(),
        open_provider: open.build(),
        filter,
        code_location: *code_location,
    })
}
