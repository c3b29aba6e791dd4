//! Builds the exporters of all signals. Shared parts are built for the first exporter that needs
//! them.

use std::{fmt, io, sync::Arc, time::Duration};

use opentelemetry_sdk::Resource;

use super::{
    custom_parts::CustomParts,
    otlp_exporters::OtlpExporters,
    outputs::Outputs,
    processor::CustomProcessors,
    prometheus_page::PrometheusPage,
    redact::Redactor,
    self_metrics::{Component, Counters, SelfMetrics},
};
use crate::{
    config::{BatchSettings, ExporterName, NonEmptyString, OtlpLines, Settings, Signal, Timeout},
    diagnostics::DiagnosticLog,
    error::{Error, Problem},
    export::{
        console::{ConsoleExporter, ConsoleWriter},
        file::file_logs,
        flush::Flush,
        line_writer::LineLogDestination,
        memory::Memory,
        otlp::OtlpExporter,
        otlp_file::{LineOutput, OtlpFileExporter},
        queue::{BatchQueue, Export, LossRecorder, QueueMonitor},
        runtime::ExportRuntime,
        stats::recorder::StatsRecorder,
    },
};

/// Builds exporters and keeps what they share.
pub(super) struct PipelineBuilder<'s> {
    pub(super) inputs: Inputs<'s>,
    pub(super) outputs: Outputs,
    /// `None` if `diagnostics.metrics` is `false`.
    pub(super) self_metrics: Option<SelfMetrics>,
    pub(super) runtime: RuntimeSlot,
    pub(super) prometheus_page: Option<PrometheusPage>,
    otlp: OtlpExporters,
    console: ConsoleSlot,
    /// Standard output, which all signals share.
    otlp_stdout: Option<Arc<LineOutput>>,
    /// The exporters of the program that are not started yet.
    pub(super) custom: CustomParts,
}

/// The inputs of a pipeline.
pub(super) struct Inputs<'s> {
    pub(super) settings: &'s Settings,
    pub(super) resource: Resource,
    /// `None` if no attributes are redacted.
    pub(super) redactor: Option<Arc<Redactor>>,
    /// The processors of the program.
    pub(super) processors: Arc<CustomProcessors>,
    pub(super) diagnostics: DiagnosticLog,
    /// Receives all telemetry, in place of the exporters of the configuration.
    pub(super) memory: Option<Arc<Memory>>,
}

/// The runtime, which is started for the first exporter that needs it.
#[derive(Default)]
pub(super) struct RuntimeSlot(Option<ExportRuntime>);

/// The console, which is opened for the first signal that needs it.
struct ConsoleSlot {
    /// Replaces the stream.
    writer: Option<ConsoleWriter>,
    console: Option<Arc<ConsoleExporter>>,
}

impl<'s> PipelineBuilder<'s> {
    pub(super) fn new(inputs: Inputs<'s>, writer: Option<ConsoleWriter>, custom: CustomParts) -> Self {
        Self {
            self_metrics: inputs.settings.config.diagnostics.metrics.then(SelfMetrics::default),
            inputs,
            outputs: Outputs::default(),
            runtime: RuntimeSlot::default(),
            prometheus_page: None,
            otlp: OtlpExporters::default(),
            console: ConsoleSlot { writer, console: None },
            otlp_stdout: None,
            custom,
        }
    }

    pub(super) fn shutdown_timeout(&self) -> Duration {
        self.inputs.settings.config.shutdown_timeout.get()
    }

    pub(super) fn counters(&self) -> Option<Arc<Counters>> {
        self.self_metrics.as_ref().map(SelfMetrics::counters)
    }

    /// Adds a destination to those that are flushed.
    pub(super) fn add_destination(&mut self, signal: Signal, destination: Arc<dyn Flush>) {
        self.outputs.destinations.push((signal, destination));
    }

    pub(super) fn add_recorder(&mut self, recorder: Arc<StatsRecorder>, exporter: &Component) {
        if let Some(self_metrics) = &mut self.self_metrics {
            self_metrics.add_exporter(Arc::clone(&recorder), exporter);
        }
        self.outputs.recorders.push(recorder);
    }

    /// Returns the memory that receives spans or log records, if there is one.
    pub(super) fn memory(&mut self, signal: Signal) -> Option<Arc<Memory>> {
        let memory = Arc::clone(self.inputs.memory.as_ref()?);
        let component = Component::exporter(signal, crate::export::memory::NAME, None);
        self.add_recorder(Arc::clone(memory.stats(signal)), &component);
        Some(memory)
    }

    /// Returns the console, for one more signal.
    pub(super) fn console(&mut self, signal: Signal) -> Arc<ConsoleExporter> {
        let Settings { config, no_color, proxies: _ } = self.inputs.settings;
        let ConsoleSlot { writer, console } = &mut self.console;
        let console = Arc::clone(console.get_or_insert_with(|| {
            let console =
                ConsoleExporter::new(&config.console, *no_color, writer.take(), self.inputs.diagnostics);
            self.outputs.line_writers.push(console.lines());
            Arc::new(console)
        }));
        let component = Component::exporter(signal, ExporterName::Console.as_str(), None);
        self.add_recorder(console.recorder(signal), &component);
        console
    }

    /// Opens the log file.
    pub(super) fn file(&mut self) -> Result<LineLogDestination, Error> {
        let config = &self.inputs.settings.config;
        let file = file_logs(&config.file_settings(), config.file.format, self.inputs.diagnostics);
        let file = file.map_err(|error| not_writable("file", &config.file.directory, error))?;
        let component = Component::exporter(Signal::Logs, ExporterName::File.as_str(), None);
        self.add_recorder(Arc::clone(&file.recorder), &component);
        self.outputs.line_writers.push(Arc::clone(&file.lines));
        Ok(file)
    }

    /// Returns the OTLP exporter of `signal` under a name.
    pub(super) fn otlp(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        timeout: Timeout,
    ) -> Result<OtlpExporter, Error> {
        let settings = self.inputs.settings.config.otlp_settings(name, signal).ok_or_else(|| {
            let problem = Problem::new(format!("\"{name}\" is not an OTLP exporter"));
            Error::configuration(vec![problem.with_key(format!("{signal}.exporters"))])
        })?;
        let component = Component::exporter(signal, name.as_str(), Some(&settings));
        let stats = Arc::new(StatsRecorder::without_log(signal, name, &settings.endpoint));
        let durations = self.self_metrics.as_ref().map(|self_metrics| self_metrics.durations(&component));
        let recorder = self.otlp.recorder(&settings, &stats, durations, self.inputs.diagnostics);
        let exporter = OtlpExporter::new(
            &settings,
            timeout,
            &self.inputs.resource,
            &self.inputs.settings.proxies,
            self.runtime.get()?.handle(),
            recorder,
            self.inputs.diagnostics,
        )?;
        self.add_recorder(stats, &component);
        Ok(exporter)
    }

    /// Same as [`otlp`](Self::otlp), but with a queue in front of the exporter.
    pub(super) fn otlp_queue<T: fmt::Debug + Send + 'static>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        timeout: Timeout,
        settings: BatchSettings,
    ) -> Result<Arc<BatchQueue<T>>, Error>
    where
        OtlpExporter: Export<T>,
    {
        let exporter = self.otlp(name, signal, timeout)?;
        let losses = Box::new(exporter.recorder());
        self.queue(name, signal, exporter, settings, losses)
    }

    /// Returns the exporter that writes one signal as lines of OTLP.
    pub(super) fn otlp_file(
        &mut self,
        name: &ExporterName,
        signal: Signal,
    ) -> Result<OtlpFileExporter, Error> {
        let diagnostics = self.inputs.diagnostics;
        let output = match self.inputs.settings.config.otlp_lines(name, signal) {
            Some(OtlpLines::Files(settings)) => {
                let output = LineOutput::file(&settings, diagnostics);
                Arc::new(output.map_err(|error| not_writable("otlp_file", &settings.directory, error))?)
            }
            _ => {
                Arc::clone(self.otlp_stdout.get_or_insert_with(|| Arc::new(LineOutput::stdout(diagnostics))))
            }
        };
        let recorder = Arc::new(StatsRecorder::new(signal, name, output.destination(), diagnostics));
        self.add_recorder(Arc::clone(&recorder), &Component::exporter(signal, name.as_str(), None));
        let handle = self.runtime.get()?.handle();
        Ok(OtlpFileExporter::new(output, &self.inputs.resource, handle, recorder, diagnostics))
    }

    /// Same as [`otlp_file`](Self::otlp_file), but with a queue in front of the exporter.
    pub(super) fn otlp_file_queue<T: fmt::Debug + Send + 'static>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        settings: BatchSettings,
    ) -> Result<Arc<BatchQueue<T>>, Error>
    where
        OtlpFileExporter: Export<T>,
    {
        let exporter = self.otlp_file(name, signal)?;
        let losses = exporter.losses();
        self.queue(name, signal, exporter, settings, losses)
    }

    fn queue<T: fmt::Debug + Send + 'static>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        exporter: impl Export<T>,
        settings: BatchSettings,
        losses: Box<dyn LossRecorder>,
    ) -> Result<Arc<BatchQueue<T>>, Error> {
        let queue = BatchQueue::start(exporter, settings, losses, &self.runtime.get()?.handle());
        self.monitor(name, signal, &queue);
        Ok(queue)
    }

    /// Adds a queue to the metrics of the pipeline.
    pub(super) fn monitor<T: fmt::Debug + Send + 'static>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        queue: &Arc<BatchQueue<T>>,
    ) {
        if let Some(self_metrics) = &mut self.self_metrics {
            let monitor: Arc<dyn QueueMonitor> = Arc::clone(queue) as _;
            self_metrics.add_queue(&monitor, &Component::processor(signal, name.as_str()));
        }
    }
}

fn not_writable(table: &str, directory: &NonEmptyString, error: io::Error) -> Error {
    let problem = Problem::new(format!("cannot write to \"{directory}\": {error}"));
    Error::configuration(vec![problem.with_key(format!("{table}.directory")).with_source(error)])
}

impl RuntimeSlot {
    /// Starts the runtime unless it runs.
    pub(super) fn get(&mut self) -> Result<&ExportRuntime, Error> {
        let runtime = match self.0.take() {
            Some(runtime) => runtime,
            None => ExportRuntime::start()?,
        };
        Ok(self.0.insert(runtime))
    }

    pub(super) fn into_inner(self) -> Option<ExportRuntime> {
        self.0
    }
}
