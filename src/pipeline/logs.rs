//! Builds what is behind the logger provider from [`Logs`].

use std::sync::Arc;

use opentelemetry_sdk::logs::SdkLoggerProvider;

use super::{
    builder::PipelineBuilder,
    fixed::Fixed,
    limits::RecordLimiter,
    processor::{LogPipeline, LogRoute, RecordChanges, UnfilteredOutput, UnfilteredRecords},
};
use crate::{
    config::{ExporterName, Logs, Signal},
    error::Error,
    export::{destination::LogDestination, memory},
    logs::{
        BaggageAttributes, FilterRules, LogSettings, LoggerFactory, RecordFilter, RecordOutput, RecordSink,
        ReloadableFilter,
    },
};

/// The parts that a configuration describes.
#[derive(Debug)]
pub(super) struct LogParts {
    settings: LogSettings,
    rules: FilterRules,
    unfiltered: Option<Arc<UnfilteredOutput>>,
}

/// Returns the rules of the filter. Tools that keep telemetry in memory have one exporter.
pub(super) fn rules(logs: &Logs, exporters: &[ExporterName], fixed: &Fixed) -> FilterRules {
    match &fixed.memory {
        Some(_) => FilterRules::new(logs, &[ExporterName::Named(memory::NAME.to_owned())]),
        None => FilterRules::new(logs, exporters),
    }
}

/// Prepares the parts, with a filter that will follow `rules`.
pub(super) fn prepare(
    logs: &Logs,
    exporters: &[ExporterName],
    rules: FilterRules,
    filter: &ReloadableFilter,
    builder: &mut PipelineBuilder<'_>,
) -> Result<LogParts, Error> {
    // The rules contain the levels. The exporters were resolved into `exporters`. The configuration
    // as a whole resolves the limits, and the batching of each exporter.
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
    let routes = routes(exporters, &rules, filter, builder)?;
    let mut output = RecordOutput::default();
    let mut unfiltered = None;
    if !routes.is_empty() {
        let diagnostics = builder.diagnostics();
        let pipeline = Arc::new(LogPipeline::new(
            builder.fixed.counters(),
            RecordFilter::Any(filter.clone()),
            RecordChanges {
                processors: builder.fixed.processors.records(diagnostics),
                redactor: builder.redactor.clone(),
            },
            RecordLimiter::new(builder.settings.config.log_limits(), diagnostics),
            scopes.clone(),
            routes,
            builder.shutdown_timeout(),
        ));
        output = RecordOutput::new(Arc::clone(&pipeline) as Arc<dyn RecordSink>, baggage.clone());
        unfiltered = Some(Arc::new(UnfilteredOutput { pipeline, baggage }));
    }
    let settings = LogSettings {
        output,
        span_scopes: builder.settings.config.traces.scopes.clone(),
        code_location: *code_location,
    };
    Ok(LogParts { settings, rules, unfiltered })
}

fn routes(
    exporters: &[ExporterName],
    rules: &FilterRules,
    filter: &ReloadableFilter,
    builder: &mut PipelineBuilder<'_>,
) -> Result<Vec<LogRoute>, Error> {
    let mut routes = Vec::new();
    if let Some(memory) = builder.memory(Signal::Logs) {
        routes.push(LogRoute { filter: RecordFilter::Open, destination: memory });
    }
    for name in exporters {
        let batch = builder.settings.config.log_batch(name);
        let (timeout, settings) = (batch.export_timeout, batch.settings());
        let filter = RecordFilter::for_exporter(rules, name, filter);
        let destination: Arc<dyn LogDestination> = match name {
            ExporterName::Console => Arc::new(builder.console(Signal::Logs).logs()),
            ExporterName::File => Arc::new(builder.file()?),
            ExporterName::Otlp | ExporterName::Named(_) => {
                if let Some(custom) = builder.custom_logs(name, timeout, settings)? {
                    builder.add_lasting_destination(Signal::Logs, Arc::clone(&custom) as _);
                    routes.push(LogRoute { filter, destination: custom });
                    continue;
                }
                builder.otlp_queue(name, Signal::Logs, timeout, settings)?
            }
            ExporterName::OtlpFile | ExporterName::OtlpStdout => {
                builder.otlp_file_queue(name, Signal::Logs, settings)?
            }
            // Rejected by the validation.
            ExporterName::Prometheus => continue,
        };
        builder.add_destination(Signal::Logs, Arc::clone(&destination) as _);
        routes.push(LogRoute { filter, destination });
    }
    Ok(routes)
}

/// Creates the loggers. With `is_off`, no reload can add an exporter.
pub(super) fn factory(
    parts: LogParts,
    filter: ReloadableFilter,
    is_off: bool,
    fixed: &Fixed,
) -> (LoggerFactory, UnfilteredRecords) {
    let LogParts { settings, rules: _, unfiltered } = parts;
    let records = UnfilteredRecords::default();
    let mut provider = SdkLoggerProvider::builder().with_resource(fixed.resource.clone());
    if !is_off {
        records.set(unfiltered);
        provider = provider.with_log_processor(records.share());
    }
    (LoggerFactory::new(provider.build(), filter, settings), records)
}

/// Replaces the parts. With `keeps_level`, `logs.level` stays as the program may have set it.
pub(super) fn set(loggers: &LoggerFactory, records: &UnfilteredRecords, parts: LogParts, keeps_level: bool) {
    let LogParts { settings, rules, unfiltered } = parts;
    loggers.set(settings, rules, keeps_level);
    records.set(unfiltered);
}
