//! Builds the exporters of all signals, or takes them over from the parts that run.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    custom_parts::CustomParts,
    exporter_key::ExporterKey,
    fixed::Fixed,
    otlp_exporters::OtlpExporters,
    outputs::{Destination, Outputs},
    redact::Redactor,
    running::{Accounts, CreatedOnce, Queued, Running, RunningConsole, RunningPush, RunningQueue},
    self_metrics::{Component, MeasuredExporters},
};
use crate::{
    config::{BatchSettings, ExporterName, OtlpSettings, Settings, Signal, Timeout},
    diagnostics::DiagnosticLog,
    error::{Error, Problem},
    export::{
        console::{ConsoleExporter, ConsoleSpanDestination, ConsoleWriter},
        destination::SpanDestination,
        flush::Flush,
        memory::Memory,
        otlp::OtlpExporter,
        otlp_file::LineOutput,
        queue::{BatchExporter, BatchQueue, Export, QueueMonitor},
        runtime::RuntimeHandle,
        stats::recorder::StatsRecorder,
    },
};

/// Prepares the parts for one configuration. Nothing that runs changes before
/// [`activate`](Self::activate).
pub(super) struct PipelineBuilder<'p> {
    pub(super) settings: &'p Settings,
    pub(super) fixed: &'p Fixed,
    pub(super) kept: &'p mut Kept,
    /// `None` if no attributes are redacted.
    pub(super) redactor: Option<Arc<Redactor>>,
    /// The parts that run now.
    pub(super) previous: &'p Running,
    /// The parts that will run.
    pub(super) next: Running,
    pub(super) outputs: Outputs,
    pub(super) measured: MeasuredExporters,
    activations: Vec<Box<dyn FnOnce()>>,
}

/// The parts that are created once and used by several configurations.
pub(super) struct Kept {
    pub(super) custom: CustomParts,
    otlp: OtlpExporters,
    /// Replaces the stream of the console.
    writer: Option<ConsoleWriter>,
    /// Standard output, which all signals share.
    pub(super) otlp_stdout: Option<Arc<LineOutput>>,
}

impl Kept {
    pub(super) fn new(custom: CustomParts, writer: Option<ConsoleWriter>) -> Self {
        Self { custom, otlp: OtlpExporters::default(), writer, otlp_stdout: None }
    }
}

impl<'p> PipelineBuilder<'p> {
    pub(super) fn new(
        settings: &'p Settings,
        fixed: &'p Fixed,
        kept: &'p mut Kept,
        previous: &'p Running,
    ) -> Self {
        // A console that is not used at first may get the writer of the program later.
        let next = Running {
            console: previous.console.clone(),
            accounts: previous.accounts.clone(),
            items: previous.items.clone(),
            ..Running::default()
        };
        Self {
            settings,
            fixed,
            kept,
            redactor: Redactor::new(&settings.config.redact),
            previous,
            next,
            outputs: Outputs::default(),
            measured: MeasuredExporters::default(),
            activations: Vec::new(),
        }
    }

    /// Calls `activation` once all parts are prepared. It cannot fail.
    pub(super) fn on_activation(&mut self, activation: impl FnOnce() + 'static) {
        self.activations.push(Box::new(activation));
    }

    /// Makes the prepared parts take effect, and returns those that run then.
    pub(super) fn activate(self) -> (Running, Outputs) {
        self.activations.into_iter().for_each(|activation| activation());
        if let Some(self_metrics) = &self.fixed.self_metrics {
            self_metrics.set_exporters(self.measured);
        }
        (self.next, self.outputs)
    }

    /// Ends the parts that were prepared and take no effect. Returns those that are created once.
    pub(super) fn abandon(self) -> CreatedOnce {
        fn close<T: Queued>(next: &Running, previous: &Running) {
            let is_new = |name: &String| !T::queues(previous).contains_key(name);
            T::queues(next)
                .iter()
                .filter(|(name, _)| is_new(name))
                .for_each(|(_, part)| part.queue.abandon());
        }
        close::<opentelemetry_sdk::trace::SpanData>(&self.next, self.previous);
        close::<crate::export::queue::ScopedRecord>(&self.next, self.previous);
        for (interval, RunningPush { push, .. }) in &self.next.pushes {
            let running = self.previous.pushes.get(interval);
            if !running.is_some_and(|running| Arc::ptr_eq(&running.push, push)) {
                push.abandon();
            }
        }
        CreatedOnce { console: self.next.console, accounts: self.next.accounts }
    }

    pub(super) fn diagnostics(&self) -> DiagnosticLog {
        self.fixed.diagnostics
    }

    pub(super) fn shutdown_timeout(&self) -> Duration {
        self.settings.config.shutdown_timeout.get()
    }

    pub(super) fn runtime(&self) -> Result<RuntimeHandle, Error> {
        Ok(self.fixed.runtime.get_or_start()?.handle())
    }

    /// Adds a destination to those that are flushed.
    pub(super) fn add_destination(&mut self, signal: Signal, flush: Arc<dyn Flush>) {
        self.outputs.destinations.push(Destination { signal, flush, stays: false });
    }

    /// Same as [`add_destination`](Self::add_destination), for one that is created once.
    pub(super) fn add_lasting_destination(&mut self, signal: Signal, flush: Arc<dyn Flush>) {
        self.outputs.destinations.push(Destination { signal, flush, stays: true });
    }

    /// Returns the account of an exporter. It stays when a reload changes the exporter, or removes
    /// it and adds it again.
    pub(super) fn account(
        &mut self,
        signal: Signal,
        name: &str,
        destination: &dyn fmt::Display,
        create: impl FnOnce() -> StatsRecorder,
    ) -> Arc<StatsRecorder> {
        let account = account(&mut self.next.accounts, signal, name, create);
        let (recorder, destination) = (Arc::clone(&account), destination.to_string());
        self.on_activation(move || recorder.set_destination(destination));
        account
    }

    pub(super) fn add_recorder(&mut self, recorder: Arc<StatsRecorder>, exporter: &Component) {
        self.measured.add(Arc::clone(&recorder), exporter);
        self.outputs.recorders.push(recorder);
    }

    /// Returns the memory that receives spans or log records, if there is one.
    pub(super) fn memory(&mut self, signal: Signal) -> Option<Arc<Memory>> {
        let memory = Arc::clone(self.fixed.memory.as_ref()?);
        let component = Component::exporter(signal, crate::export::memory::NAME, None);
        self.add_recorder(Arc::clone(memory.stats(signal)), &component);
        Some(memory)
    }

    /// Returns the console, for one more signal.
    pub(super) fn console(&mut self, signal: Signal) -> Arc<ConsoleExporter> {
        let Settings { config, no_color, proxies: _ } = self.settings;
        let running = self.next.console.clone().filter(|running| running.config == config.console);
        let console = match running {
            Some(RunningConsole { console, .. }) => console,
            None => {
                let console = Arc::new(self.new_console(*no_color));
                let new = Arc::clone(&console);
                self.on_activation(move || new.activate());
                self.next.console =
                    Some(RunningConsole { console: Arc::clone(&console), config: config.console.clone() });
                console
            }
        };
        if !self.outputs.line_writers.iter().any(|lines| Arc::ptr_eq(lines, &console.lines())) {
            self.outputs.line_writers.push(console.lines());
        }
        let component = Component::exporter(signal, ExporterName::Console.as_str(), None);
        self.add_recorder(console.recorder(signal), &component);
        console
    }

    fn new_console(&mut self, no_color: bool) -> ConsoleExporter {
        let diagnostics = self.diagnostics();
        let config = &self.settings.config.console;
        let running = self.next.console.take();
        let writer = self.kept.writer.take();
        let accounts = &mut self.next.accounts;
        let account = |signal, destination: &dyn fmt::Display| {
            account(accounts, signal, ExporterName::Console.as_str(), || {
                StatsRecorder::new(signal, ExporterName::Console, destination, diagnostics)
            })
        };
        match running {
            Some(running) => running.console.with_config(config, no_color, account, diagnostics),
            None => ConsoleExporter::new(config, no_color, writer, account, diagnostics),
        }
    }

    /// Returns the console as a destination of spans. It keeps the spans of unfinished trees.
    pub(super) fn console_spans(&mut self) -> Arc<dyn SpanDestination> {
        let console = self.console(Signal::Traces);
        let running = self.previous.console_spans.as_ref();
        let running = running.filter(|spans| spans.writes_to(&console)).map(Arc::clone);
        let spans = running.unwrap_or_else(|| Arc::new(ConsoleSpanDestination::new(console)));
        self.next.console_spans = Some(Arc::clone(&spans));
        spans
    }

    /// Returns the settings of an OTLP exporter.
    pub(super) fn otlp_settings(&self, name: &ExporterName, signal: Signal) -> Result<OtlpSettings, Error> {
        self.settings.config.otlp_settings(name, signal).ok_or_else(|| {
            let problem = Problem::new(format!("\"{name}\" is not an OTLP exporter"));
            Error::configuration(vec![problem.with_key(format!("{signal}.exporters"))])
        })
    }

    /// Returns the account of an OTLP exporter, which counts from now on.
    pub(super) fn otlp_account(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        settings: &OtlpSettings,
    ) -> Arc<StatsRecorder> {
        let stats = self.account(signal, name.as_str(), &settings.endpoint, || {
            StatsRecorder::without_log(signal, name, &settings.endpoint)
        });
        self.add_recorder(Arc::clone(&stats), &Component::exporter(signal, name.as_str(), Some(settings)));
        stats
    }

    /// Builds an OTLP exporter.
    pub(super) fn otlp(
        &mut self,
        name: &ExporterName,
        settings: &OtlpSettings,
        timeout: Timeout,
        stats: &Arc<StatsRecorder>,
    ) -> Result<OtlpExporter, Error> {
        let Fixed { resource, diagnostics, self_metrics, .. } = self.fixed;
        let component = Component::exporter(stats.signal(), name.as_str(), Some(settings));
        let durations = self_metrics.as_ref().map(|self_metrics| self_metrics.durations(&component));
        let recorder = self.kept.otlp.recorder(settings, stats, durations, *diagnostics);
        let proxies = &self.settings.proxies;
        OtlpExporter::new(settings, timeout, resource, proxies, self.runtime()?, recorder, *diagnostics)
    }

    /// Returns the queue in front of an OTLP exporter.
    pub(super) fn otlp_queue<T: Queued>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        timeout: Timeout,
        batch: BatchSettings,
    ) -> Result<Arc<BatchQueue<T>>, Error>
    where
        OtlpExporter: Export<T>,
    {
        let settings = self.otlp_settings(name, signal)?;
        let stats = self.otlp_account(name, signal, &settings);
        self.queue(name, signal, ExporterKey::otlp(&settings, timeout), batch, |builder| {
            let exporter = builder.otlp(name, &settings, timeout, &stats)?;
            let losses = Box::new(exporter.recorder());
            Ok(BatchExporter::new(exporter, losses))
        })
    }

    /// Returns the queue of an exporter. One that runs stays, with its items; behind it, `create`
    /// replaces an exporter with other settings.
    pub(super) fn queue<T: Queued>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        key: ExporterKey,
        batch: BatchSettings,
        create: impl FnOnce(&mut Self) -> Result<BatchExporter<T>, Error>,
    ) -> Result<Arc<BatchQueue<T>>, Error> {
        let running = T::queues(self.previous).get(name.as_str());
        let queue = match running {
            Some(RunningQueue { queue, key: of_running }) => {
                let exporter = if *of_running == key { None } else { Some(create(self)?) };
                let running = Arc::clone(queue);
                self.on_activation(move || {
                    if let Some(exporter) = exporter {
                        running.set_exporter(exporter);
                    }
                    running.set_settings(batch);
                });
                Arc::clone(queue)
            }
            None => BatchQueue::start(create(self)?, batch, &self.runtime()?),
        };
        let running = RunningQueue { queue: Arc::clone(&queue), key };
        T::queues_mut(&mut self.next).insert(name.to_string(), running);
        self.monitor(name, signal, &queue);
        Ok(queue)
    }

    /// Adds a queue to the metrics of the pipeline.
    pub(super) fn monitor<T: Queued>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        queue: &Arc<BatchQueue<T>>,
    ) {
        let monitor: Arc<dyn QueueMonitor> = Arc::clone(queue) as _;
        self.measured.add_queue(&monitor, &Component::processor(signal, name.as_str()));
    }
}

fn account(
    accounts: &mut Accounts,
    signal: Signal,
    name: &str,
    create: impl FnOnce() -> StatsRecorder,
) -> Arc<StatsRecorder> {
    let account = accounts.entry((signal, name.to_owned()));
    Arc::clone(account.or_insert_with(|| Arc::new(create())))
}
