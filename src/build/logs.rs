//! Builds the logger provider from [`Logs`].

use std::sync::Arc;

use opentelemetry_sdk::logs::{BatchConfigBuilder, BatchLogProcessor, LogProcessor, SdkLoggerProvider};

use super::{Parts, exporter::console::ConsoleLogs, fanout::Fanout};
use crate::{
    config::{ExporterRef, LogBatch, Logs, Signal},
    error::Error,
};

pub(super) fn provider(
    logs: &Logs,
    exporters: &[ExporterRef],
    parts: &mut Parts<'_>,
) -> Result<SdkLoggerProvider, Error> {
    // The level is judged before a record is made, in `crate::logs`; what goes where was resolved into `exporters`.
    let Logs { exporters: _, level: _, batch } = logs;
    let mut processors = Fanout::<dyn LogProcessor>::new(parts.shutdown_timeout());
    for exporter in exporters {
        match exporter {
            ExporterRef::Console => processors.add(Box::new(ConsoleLogs(Arc::clone(parts.console()))), None),
            ExporterRef::Otlp | ExporterRef::Named(_) | ExporterRef::Prometheus => {
                let Some(exporter) = parts.otlp(exporter, Signal::Logs, batch.export_timeout)? else {
                    continue;
                };
                let LogBatch { schedule_delay, export_timeout: _, max_queue_size, max_export_batch_size: _ } =
                    batch;
                let config = BatchConfigBuilder::default()
                    .with_max_queue_size(max_queue_size.get() as usize)
                    .with_max_export_batch_size(batch.batch_size() as usize)
                    .with_scheduled_delay(schedule_delay.get())
                    .build();
                let tally = exporter.tally();
                let processor = BatchLogProcessor::builder(exporter).with_batch_config(config).build();
                processors.add(Box::new(processor), Some(tally));
            }
        }
    }
    let mut builder = SdkLoggerProvider::builder().with_resource(parts.resource.clone());
    if !processors.is_empty() {
        builder = builder.with_log_processor(processors);
    }
    Ok(builder.build())
}
