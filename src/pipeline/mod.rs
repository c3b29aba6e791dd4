//! Builds the objects of the OpenTelemetry SDK from the configuration. Never reads the environment.

mod builder;
mod custom_exporters;
mod custom_parts;
mod limits;
mod logs;
mod metrics;
mod otlp_exporters;
mod outputs;
mod processor;
mod prometheus_page;
mod propagators;
mod record_replacer;
mod redact;
mod resource;
mod samplers;
mod self_metrics;
pub(crate) mod shutdown;
mod traces;

use std::sync::Arc;

use opentelemetry_sdk::trace::SdkTracerProvider;

pub(crate) use self::custom_parts::CustomParts;
use self::{
    builder::{Inputs, PipelineBuilder},
    outputs::Outputs,
    prometheus_page::PrometheusPage,
    redact::Redactor,
};
pub use self::{metrics::MeterProvider, processor::ProcessedLogRecord, propagators::Propagator};
use crate::{
    config::{Config, Settings, Signal},
    diagnostics::DiagnosticLog,
    error::Error,
    export::{console::ConsoleWriter, memory::Memory, runtime::ExportRuntime},
    logs::LoggerFactory,
};

/// The providers of all signals, and everything behind them.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) tracer_provider: SdkTracerProvider,
    pub(crate) meter_provider: MeterProvider,
    pub(crate) loggers: LoggerFactory,
    pub(crate) propagator: Propagator,
    pub(crate) runtime: Option<ExportRuntime>,
    pub(crate) outputs: Outputs,
    pub(crate) prometheus_page: Option<PrometheusPage>,
}

/// Builds the pipeline with the `custom` parts of the program. `writer` replaces the stream of the
/// console, `memory` all exporters.
///
/// # Errors
///
/// Returns an error if an exporter cannot be built. Problems have keys, but no origin. Parts that
/// were built before are dropped.
pub(crate) fn build(
    settings: &Settings,
    writer: Option<ConsoleWriter>,
    memory: Option<Arc<Memory>>,
    mut custom: CustomParts,
) -> Result<Pipeline, Error> {
    let Config {
        disabled,
        // Was applied when the file was read.
        profile: _,
        propagators,
        // Read by `PipelineBuilder`, as are the tables of exporters.
        shutdown_timeout: _,
        otlp: _,
        exporters: _,
        console: _,
        file: _,
        otlp_file: _,
        prometheus: _,
        service,
        resource,
        redact,
        // Resolved into those of each signal.
        attribute_limits: _,
        traces,
        metrics,
        logs,
        diagnostics,
    } = &*settings.config;
    let redactor = Redactor::new(redact);
    let resource = resource::resource(service, resource);
    let resource = match &redactor {
        Some(redactor) => redactor.redact_resource(&resource),
        None => resource,
    };
    if let Some(memory) = &memory {
        memory.set_resource(&resource);
    }
    let has_exporters = !*disabled && memory.is_none();
    let exporters = |signal| if has_exporters { settings.config.exporters(signal) } else { &[] };
    let memory = memory.filter(|_| !*disabled);
    let diagnostics = DiagnosticLog::new(*diagnostics);
    let processors = Arc::new(std::mem::take(&mut custom.processors));
    let inputs = Inputs { settings, resource, redactor, processors, diagnostics, memory };
    let mut builder = PipelineBuilder::new(inputs, writer, custom);
    let tracer_provider = traces::provider(traces, exporters(Signal::Traces), &mut builder)?;
    let loggers = logs::factory(logs, exporters(Signal::Logs), &mut builder)?;
    let meter_provider = metrics::provider(metrics, exporters(Signal::Metrics), &mut builder)?;
    let PipelineBuilder { outputs, runtime, prometheus_page, mut custom, .. } = builder;
    Ok(Pipeline {
        tracer_provider,
        meter_provider,
        loggers,
        propagator: propagators::propagator(propagators, |name| custom.take_propagator(name)),
        runtime: runtime.into_inner(),
        outputs,
        prometheus_page,
    })
}
