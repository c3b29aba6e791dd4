//! Builds the logger provider from [`Logs`].

use std::sync::Arc;

use opentelemetry_sdk::logs::SdkLoggerProvider;

use super::{
    builder::PipelineBuilder,
    limits::RecordLimiter,
    processor::{LogPipeline, LogRoute, RecordChanges, UnfilteredRecords},
};
use crate::{
    config::{ExporterName, Logs, Signal},
    error::Error,
    export::{destination::LogDestination, memory},
    logs::{BaggageAttributes, LoggerFactory, RecordFilter, RecordSink, ReloadableFilter},
};

pub(super) fn factory(
    logs: &Logs,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<LoggerFactory, Error> {
    // The filter reads the levels. The exporters were resolved into `exporters`. The
    // configuration as a whole resolves the limits, and the batching of each exporter.
    let Logs {
        exporters: _,
        level: _,
        levels: _,
        code_location,
        baggage_attributes,
        batch: _,
        limits: _,
        scopes,
    } = logs;
    let baggage = BaggageAttributes::new(baggage_attributes);
    let mut routes = Vec::new();
    let filter = if let Some(memory) = builder.memory(Signal::Logs) {
        routes.push(LogRoute { filter: RecordFilter::Open, destination: memory });
        ReloadableFilter::new(logs, &[ExporterName::Named(memory::NAME.to_owned())])
    } else {
        ReloadableFilter::new(logs, exporters)
    };
    for name in exporters {
        let batch = builder.inputs.settings.config.log_batch(name);
        let destination: Arc<dyn LogDestination> = match name {
            ExporterName::Console => Arc::new(builder.console(Signal::Logs).logs()),
            ExporterName::File => Arc::new(builder.file()?),
            ExporterName::Otlp | ExporterName::Named(_) => {
                let (timeout, settings) = (batch.export_timeout, batch.settings());
                match builder.custom_logs(name, timeout, settings)? {
                    Some(custom) => custom,
                    None => builder.otlp_queue(name, Signal::Logs, timeout, settings)?,
                }
            }
            ExporterName::OtlpFile | ExporterName::OtlpStdout => {
                builder.otlp_file_queue(name, Signal::Logs, batch.settings())?
            }
            // Rejected by the validation.
            ExporterName::Prometheus => continue,
        };
        builder.add_destination(Signal::Logs, Arc::clone(&destination) as _);
        routes.push(LogRoute { filter: RecordFilter::for_exporter(&filter, name), destination });
    }
    let mut provider = SdkLoggerProvider::builder().with_resource(builder.inputs.resource.clone());
    let mut sink = None;
    if !routes.is_empty() {
        let limits = builder.inputs.settings.config.log_limits();
        let pipeline = Arc::new(LogPipeline::new(
            builder.counters(),
            RecordFilter::Any(filter.clone()),
            RecordChanges {
                processors: builder.inputs.processors.records(builder.inputs.diagnostics),
                redactor: builder.inputs.redactor.clone(),
            },
            RecordLimiter::new(limits, builder.inputs.diagnostics),
            scopes.clone(),
            routes,
            builder.shutdown_timeout(),
        ));
        sink = Some(Arc::clone(&pipeline) as Arc<dyn RecordSink>);
        provider = provider.with_log_processor(UnfilteredRecords { pipeline, baggage: baggage.clone() });
    }
    let span_scopes = builder.inputs.settings.config.traces.scopes.as_slice().into();
    let code_location = *code_location;
    Ok(LoggerFactory { provider: provider.build(), sink, filter, span_scopes, code_location, baggage })
}
