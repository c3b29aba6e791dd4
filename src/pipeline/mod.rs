//! Builds the objects of the OpenTelemetry SDK from the configuration. Never reads the environment.
//!
//! The providers of the SDK stay while telemetry runs, since programs and globals hold them. A
//! reload replaces what is behind them.

mod builder;
mod custom_exporters;
mod custom_parts;
mod exporter_key;
mod fixed;
mod limits;
mod line_exporters;
mod logs;
mod metrics;
mod otlp_exporters;
mod outputs;
mod prepared;
mod processor;
mod prometheus_page;
mod propagators;
mod record_replacer;
mod redact;
mod reload;
mod resource;
mod retirement;
mod running;
mod samplers;
mod self_metrics;
pub(crate) mod shutdown;
mod traces;

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::trace::SdkTracerProvider;

use self::{
    builder::{Kept, PipelineBuilder},
    fixed::{Fixed, RuntimeSlot},
    metrics::LiveMetrics,
    prepared::Prepared,
    processor::UnfilteredRecords,
    prometheus_page::PrometheusPage,
    redact::Redactor,
    running::Running,
    self_metrics::SelfMetrics,
    traces::LiveTraces,
};
pub(crate) use self::{
    custom_parts::CustomParts,
    outputs::{Outputs, SharedOutputs},
};
pub use self::{metrics::MeterProvider, processor::ProcessedLogRecord, propagators::Propagator};
use crate::{
    config::{Settings, Signal},
    diagnostics::DiagnosticLog,
    error::Error,
    export::{console::ConsoleWriter, memory::Memory, runtime::ExportRuntime},
    logs::{LoggerFactory, ReloadableFilter},
};

/// The providers of all signals, and everything behind them.
pub(crate) struct Pipeline {
    pub(crate) tracer_provider: SdkTracerProvider,
    pub(crate) loggers: LoggerFactory,
    pub(crate) propagator: Propagator,
    pub(crate) outputs: SharedOutputs,
    fixed: Fixed,
    traces: LiveTraces,
    records: UnfilteredRecords,
    metrics: LiveMetrics,
    parts: Mutex<Parts>,
    /// True once the shutdown has begun. Held while a reload takes effect, so that the shutdown
    /// finds all parts.
    is_closing: Mutex<bool>,
}

/// The parts that a reload changes, one at a time.
struct Parts {
    kept: Kept,
    running: Running,
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
    let config = &*settings.config;
    let resource = resource::resource(&config.service, &config.resource);
    let resource = match Redactor::new(&config.redact) {
        Some(redactor) => redactor.redact_resource(&resource),
        None => resource,
    };
    if let Some(memory) = &memory {
        memory.set_resource(&resource);
    }
    let fixed = Fixed {
        resource,
        processors: Arc::new(std::mem::take(&mut custom.processors)),
        diagnostics: DiagnosticLog::new(config.diagnostics),
        memory: memory.filter(|_| !config.disabled),
        self_metrics: (config.diagnostics.metrics && !config.disabled).then(SelfMetrics::default),
        runtime: RuntimeSlot::default(),
    };
    let mut kept = Kept::new(custom, writer);
    let running = Running::default();
    let mut builder = PipelineBuilder::new(settings, &fixed, &mut kept, &running);
    let exporters = |signal| prepared::exporters(config, &fixed, signal);
    let rules = logs::rules(&config.logs, exporters(Signal::Logs), &fixed);
    let filter = ReloadableFilter::new(rules);
    let metrics = metrics::provider(&config.metrics, exporters(Signal::Metrics), &mut builder);
    let prepared = Prepared::new(config, None, &filter, &metrics, &mut builder);
    let Prepared { traces, logs, formats } = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            builder.abandon();
            return Err(error);
        }
    };
    let (running, outputs) = builder.activate();
    let (tracer_provider, traces) = traces::provider(traces, config.disabled, &fixed);
    let (loggers, records) = logs::factory(logs, filter, config.disabled, &fixed);
    if let Some(self_metrics) = &fixed.self_metrics {
        self_metrics.register(&metrics.provider().library_meter());
    }
    Ok(Pipeline {
        tracer_provider,
        loggers,
        propagator: Propagator::new(formats),
        outputs: SharedOutputs::new(outputs),
        fixed,
        traces,
        records,
        metrics,
        parts: Mutex::new(Parts { kept, running }),
        is_closing: Mutex::new(false),
    })
}

impl Pipeline {
    pub(crate) fn meter_provider(&self) -> &MeterProvider {
        self.metrics.provider()
    }

    pub(crate) fn diagnostics(&self) -> DiagnosticLog {
        self.fixed.diagnostics
    }

    /// Returns the runtime, if an exporter has needed it.
    pub(crate) fn runtime(&self) -> Option<&ExportRuntime> {
        self.fixed.runtime.get()
    }

    /// Returns the page of Prometheus, if it is configured.
    pub(crate) fn prometheus_page(&self) -> Option<PrometheusPage> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).running.page.clone()
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("fixed", &self.fixed).finish_non_exhaustive()
    }
}
