//! Builds the logger provider from [`Logs`].

use std::sync::Arc;

use opentelemetry_sdk::logs::{LogProcessor, SdkLoggerProvider};

use super::{
    PipelineBuilder,
    limits::LimitsProcessor,
    processor::{FilteredProcessor, MultiProcessor, Shared, gated},
    self_metrics::counters::CountingProcessor,
};
use crate::{
    config::{ExporterName, LogBatch, Logs, Signal},
    error::Error,
    logs::{LoggerFactory, RecordFilter, ReloadableFilter},
};

pub(crate) fn factory(
    logs: &Logs,
    exporters: &[ExporterName],
    parts: &mut PipelineBuilder<'_>,
) -> Result<LoggerFactory, Error> {
    // The levels are judged by `ReloadableFilter`; what goes where was resolved into `exporters`, and the limits by the
    // configuration as a whole.
    let Logs { exporters: _, level: _, levels: _, code_location, batch, limits: _ } = logs;
    let flush_limit = parts.shutdown_timeout();
    let filter = ReloadableFilter::new(logs, exporters);
    let mut processors = MultiProcessor::<dyn LogProcessor>::new();
    for exporter in exporters {
        let record_filter = RecordFilter::for_exporter(&filter, exporter);
        match exporter {
            ExporterName::Console => {
                processors.add(gated(record_filter, parts.console(Signal::Logs).logs(flush_limit)));
            }
            ExporterName::File => {
                let processor = parts.file()?;
                processors.add(gated(record_filter, processor));
            }
            ExporterName::Memory => {
                if let Some(processor) = parts.memory(Signal::Logs) {
                    processors.add(gated(record_filter, processor));
                }
            }
            ExporterName::Otlp | ExporterName::Named(_) | ExporterName::Prometheus => {
                let Some(exporter) = parts.otlp(exporter, Signal::Logs, batch.export_timeout)? else {
                    continue;
                };
                let LogBatch { schedule_delay, export_timeout: _, max_queue_size, max_export_batch_size: _ } =
                    batch;
                let sizes = (*max_queue_size, batch.batch_size());
                let processor = parts.batch(exporter, sizes, schedule_delay.get())?;
                processors.add(gated(record_filter, processor));
            }
        }
    }
    let builder = || SdkLoggerProvider::builder().with_resource(parts.resource.clone());
    let (mut own, mut open) = (builder(), builder());
    if !processors.is_empty() {
        let limits = parts.settings.config.log_limits();
        let limited = Arc::new(LimitsProcessor::new(processors, limits, parts.diagnostics));
        let shared = Shared(Arc::clone(&limited));
        let gated = FilteredProcessor {
            record_filter: RecordFilter::Any(filter.clone()),
            processor: Shared(limited),
        };
        if let Some(counters) = parts.own.as_ref().map(|own| &own.counters) {
            own = own
                .with_log_processor(CountingProcessor { processor: shared, counters: Arc::clone(counters) });
            open = open
                .with_log_processor(CountingProcessor { processor: gated, counters: Arc::clone(counters) });
        } else {
            own = own.with_log_processor(shared);
            open = open.with_log_processor(gated);
        }
    }
    Ok(LoggerFactory {
        provider: own.build(),
        unfiltered_provider: open.build(),
        filter,
        code_location: *code_location,
    })
}
