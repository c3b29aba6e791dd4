//! From the configuration to the objects of the OpenTelemetry SDK. Never reads the environment.

mod limits;
mod logs;
pub(crate) mod metrics;
pub(crate) mod processor;
pub(crate) mod propagators;
mod resource;
mod self_metrics;
pub(crate) mod shutdown;
mod traces;

#[cfg(feature = "prometheus")]
use std::io::ErrorKind;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use opentelemetry_sdk::{Resource, metrics::reader::MetricReader, trace::SdkTracerProvider};

use self::{
    metrics::MeterProvider,
    propagators::Propagator,
    self_metrics::{component::Component, counters::Counters},
};
use crate::{
    config::{Config, ExporterName, Settings, Signal, Size, Timeout},
    diagnostics::Diagnostics,
    error::{Error, Problem},
    export::{
        callbacks::Callbacks,
        console::{ConsoleExporter, ConsoleWriter},
        file::file_logs,
        line_writer::{LineLogProcessor, LineWriter},
        memory::{Memory, MemoryProcessor},
        otlp::{DestinationHealth, DurationHistogram, DurationRecorder, ExportRecorder, OtlpExporter},
        queue::{BatchProcessor, BatchSettings, Export, QueueMonitor},
        runtime::ExportRuntime,
        stats::recorder::StatsRecorder,
    },
    logs::LoggerFactory,
};

/// What was built.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) tracer_provider: SdkTracerProvider,
    pub(crate) meter_provider: MeterProvider,
    pub(crate) loggers: LoggerFactory,
    pub(crate) propagator: Propagator,
    pub(crate) runtime: Option<ExportRuntime>,
    /// What console and files still have to write when the signals are done.
    pub(crate) lines: Vec<Arc<LineWriter>>,
    /// What waits for the network.
    pub(crate) queues: Vec<Arc<dyn QueueMonitor>>,
    pub(crate) recorders: Vec<Arc<StatsRecorder>>,
    pub(crate) prometheus_address: Option<SocketAddr>,
}

/// Builds everything that `settings` ask for. When something fails, what was built before is dropped again. `writer` takes
/// the place of the console's stream, `memory` that of all exporters.
pub(crate) fn build(
    settings: &Settings,
    writer: Option<ConsoleWriter>,
    memory: Option<Arc<Memory>>,
) -> Result<Pipeline, Error> {
    let Config {
        disabled,
        // Was applied when the file was read.
        profile: _,
        propagators,
        // Concerns the tools, not the providers.
        shutdown_timeout: _,
        service,
        resource,
        // Resolved into those of each signal.
        attribute_limits: _,
        // Resolved into the settings of each signal by `PipelineBuilder::otlp`.
        otlp: _,
        exporters: _,
        // Read when the first signal needs them.
        console: _,
        file: _,
        prometheus: _,
        traces,
        metrics,
        logs,
        diagnostics,
    } = &settings.config;
    let in_memory = memory.is_some();
    let exporters = |signal| {
        if *disabled {
            &[]
        } else if in_memory {
            &[ExporterName::Memory][..]
        } else {
            settings.config.exporters(signal)
        }
    };
    let resource = resource::resource(service, resource);
    if let Some(memory) = &memory {
        memory.describe(&resource);
    }
    let mut parts = PipelineBuilder {
        settings,
        resource,
        diagnostics: Diagnostics::new(*diagnostics),
        writer,
        memory,
        runtime: None,
        console: None,
        lines: Vec::new(),
        queues: Vec::new(),
        health: BTreeMap::new(),
        recorders: Vec::new(),
        own: diagnostics.metrics.then(SelfMetrics::default),
        prometheus_address: None,
    };
    let tracer_provider = traces::provider(traces, exporters(Signal::Traces), &mut parts)?;
    let loggers = logs::factory(logs, exporters(Signal::Logs), &mut parts)?;
    let meter_provider = metrics::provider(metrics, exporters(Signal::Metrics), &mut parts)?;
    let PipelineBuilder { runtime, lines, queues, recorders, prometheus_address, .. } = parts;
    Ok(Pipeline {
        tracer_provider,
        meter_provider,
        loggers,
        propagator: propagators::propagator(propagators),
        runtime,
        lines,
        queues,
        recorders,
        prometheus_address,
    })
}

/// What the signals share, made when the first of them needs it.
pub(crate) struct PipelineBuilder<'l> {
    settings: &'l Settings,
    resource: Resource,
    diagnostics: Diagnostics,
    writer: Option<ConsoleWriter>,
    memory: Option<Arc<Memory>>,
    runtime: Option<ExportRuntime>,
    console: Option<Arc<ConsoleExporter>>,
    lines: Vec<Arc<LineWriter>>,
    queues: Vec<Arc<dyn QueueMonitor>>,
    /// By host and port.
    health: BTreeMap<String, Arc<DestinationHealth>>,
    recorders: Vec<Arc<StatsRecorder>>,
    /// Where telemetry is measured too.
    own: Option<SelfMetrics>,
    prometheus_address: Option<SocketAddr>,
}

/// What metrics about telemetry itself have that is in no account.
#[derive(Debug, Clone, Default)]
pub(crate) struct SelfMetrics {
    counters: Arc<Counters>,
    durations: DurationHistogram,
}

impl PipelineBuilder<'_> {
    fn runtime(&mut self) -> Result<&ExportRuntime, Error> {
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => ExportRuntime::start()?,
        };
        Ok(self.runtime.insert(runtime))
    }

    fn shutdown_timeout(&self) -> Duration {
        self.settings.config.shutdown_timeout.get()
    }

    /// The way into memory, for spans or log records; `None` without one.
    fn memory(&mut self, signal: Signal) -> Option<MemoryProcessor> {
        let memory = Arc::clone(self.memory.as_ref()?);
        self.recorders.push(memory.stats(signal));
        Some(MemoryProcessor(memory))
    }

    /// The console, for one more signal.
    fn console(&mut self, signal: Signal) -> Arc<ConsoleExporter> {
        let diagnostics = self.diagnostics;
        let Settings { config, no_color, proxies: _ } = self.settings;
        let (writer, lines) = (&mut self.writer, &mut self.lines);
        let console = self.console.get_or_insert_with(|| {
            let console = ConsoleExporter::new(&config.console, *no_color, writer.take(), diagnostics);
            lines.push(console.lines());
            Arc::new(console)
        });
        self.recorders.push(console.recorder(signal));
        Arc::clone(console)
    }

    /// Opens the log file.
    fn file(&mut self) -> Result<LineLogProcessor, Error> {
        let config = &self.settings.config;
        let opened =
            file_logs(&config.file, &config.file_prefix(), self.shutdown_timeout(), self.diagnostics);
        let processor = opened.map_err(|error| {
            let key = "file.directory";
            let message = format!("cannot write to \"{}\": {error}", config.file.directory);
            Error::configuration(vec![Problem::new(message).with_key(key)])
        })?;
        self.recorders.push(Arc::clone(&processor.recorder));
        self.lines.push(Arc::clone(&processor.lines));
        Ok(processor)
    }

    /// The exporter of `signal` to a destination that speaks OTLP; `None` for one that does not.
    fn otlp(
        &mut self,
        exporter: &ExporterName,
        signal: Signal,
        timeout: Timeout,
    ) -> Result<Option<OtlpExporter>, Error> {
        let Some(settings) = self.settings.config.otlp_settings(exporter, signal) else { return Ok(None) };
        let stats = Arc::new(StatsRecorder::without_log(signal, exporter.clone(), &settings.endpoint));
        let place = settings.endpoint.host_and_port();
        let new_health = || Arc::new(DestinationHealth::new(place.clone(), self.diagnostics));
        let health = self.health.entry(place.clone()).or_insert_with(new_health);
        let timer = self.own.as_ref().map(|own| {
            let component = Component::exporter(signal, exporter, Some(&settings));
            Arc::new(DurationRecorder::new(own.durations.clone(), component.attributes()))
        });
        let recorder = ExportRecorder::new(Arc::clone(&stats), Arc::clone(health), timer);
        let handle = self.runtime()?.handle();
        let (resource, proxies) = (&self.resource, &self.settings.proxies);
        let exporter =
            OtlpExporter::new(&settings, timeout, resource, proxies, handle, recorder, self.diagnostics)?;
        self.recorders.push(stats);
        Ok(Some(exporter))
    }

    /// The queue in front of `exporter`; `sizes` are those of the queue and of a batch.
    fn batch<T: std::fmt::Debug + Send + 'static>(
        &mut self,
        exporter: OtlpExporter,
        (max_queue_size, batch_size): (Size, u32),
        schedule_delay: Duration,
    ) -> Result<BatchProcessor<T>, Error>
    where
        OtlpExporter: Export<T>,
    {
        let settings = BatchSettings {
            max_queue_size: max_queue_size.get() as usize,
            max_export_batch_size: batch_size as usize,
            schedule_delay,
            flush_limit: self.shutdown_timeout(),
        };
        let recorder = exporter.recorder();
        let batch = BatchProcessor::start(exporter, settings, recorder, &self.runtime()?.handle());
        self.queues.push(batch.queue());
        Ok(batch)
    }

    /// Takes the port, starts the server and returns the reader that it shows.
    #[cfg(feature = "prometheus")]
    fn prometheus(&mut self, callbacks: &Arc<Callbacks>) -> Result<Arc<dyn MetricReader>, Error> {
        use crate::export::prometheus::{Listener, exporter};

        let config = &self.settings.config.prometheus;
        let listener = Listener::bind(config).map_err(|error| {
            let (key, help) = match error.kind() {
                ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                    ("prometheus.port", "choose another port; 0 takes any free one")
                }
                _ => ("prometheus.host", "write a name or address of this machine; 0.0.0.0 stands for all"),
            };
            let message = format!("cannot listen on {}:{}: {error}", config.host, config.port.number());
            let problem = Problem::new(message).with_key(key);
            Error::configuration(vec![problem.with_help(help)])
        })?;
        let (reader, registry) = exporter(config).map_err(|error| Error::system("prometheus", error))?;
        self.prometheus_address = Some(listener.address());
        let server = listener.serve(registry, config.path.as_str(), Arc::clone(callbacks), self.diagnostics);
        self.runtime()?.serve(server);
        Ok(Arc::new(reader))
    }

    #[cfg(not(feature = "prometheus"))]
    fn prometheus(&mut self, _: &Arc<Callbacks>) -> Result<Arc<dyn MetricReader>, Error> {
        let key = "metrics.exporters";
        let problem = Problem::new("this binary was built without the feature `prometheus`").with_key(key);
        Err(Error::configuration(vec![problem]))
    }
}
