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
    self_metrics::{component::Component, counters::Census},
};
#[cfg(feature = "tls")]
pub(crate) use crate::export::otlp::inspect;
use crate::{
    config::{Config, ExporterRef, Signal, Size, Timeout, validate::key_path},
    diagnostics::Diagnostics,
    error::{Error, Problem},
    export::{
        callbacks::Callbacks,
        console::{Console, Writer},
        file::file_logs,
        line_writer::{LineLogs, Lines},
        memory::{Memory, MemoryProcessor},
        otlp::{Account, Durations, OtlpExporter, Timer, Watch},
        queue::{Batch, BatchSettings, Export, Waiting},
        runtime::Background,
        stats::recorder::Tally,
    },
    load::Loaded,
    logs::LoggerFactory,
};

/// Looks into the files that the configuration names, before anything is built: adds what is wrong with them to the
/// problems, and what is odd to the warnings.
#[cfg(not(feature = "tls"))]
pub(crate) fn inspect(_: &mut Loaded, _: &mut Vec<Problem>) {}

/// What was built.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) tracer_provider: SdkTracerProvider,
    pub(crate) meter_provider: MeterProvider,
    pub(crate) loggers: LoggerFactory,
    pub(crate) propagator: Propagator,
    pub(crate) background: Option<Background>,
    /// What console and files still have to write when the signals are done.
    pub(crate) lines: Vec<Arc<Lines>>,
    /// What waits for the network.
    pub(crate) queues: Vec<Arc<dyn Waiting>>,
    pub(crate) tallies: Vec<Arc<Tally>>,
    pub(crate) prometheus_address: Option<SocketAddr>,
}

/// Builds everything that `loaded` asks for. When something fails, what was built before is dropped again. `writer` takes
/// the place of the console's stream, `memory` that of all exporters.
pub(crate) fn build(
    loaded: &Loaded,
    writer: Option<Writer>,
    memory: Option<Arc<Memory>>,
) -> Result<Built, Error> {
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
        // Resolved into the settings of each signal by `Parts::otlp`.
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
    } = &loaded.config;
    let in_memory = memory.is_some();
    let exporters = |signal| {
        if *disabled {
            &[]
        } else if in_memory {
            &[ExporterRef::Memory][..]
        } else {
            loaded.config.exporters(signal)
        }
    };
    let resource = resource::resource(service, resource);
    if let Some(memory) = &memory {
        memory.describe(&resource);
    }
    let mut parts = Parts {
        loaded,
        resource,
        diagnostics: Diagnostics::new(*diagnostics),
        writer,
        memory,
        background: None,
        console: None,
        lines: Vec::new(),
        queues: Vec::new(),
        watches: BTreeMap::new(),
        tallies: Vec::new(),
        own: diagnostics.metrics.then(Own::default),
        prometheus_address: None,
    };
    let tracer_provider = traces::provider(traces, exporters(Signal::Traces), &mut parts)?;
    let loggers = logs::factory(logs, exporters(Signal::Logs), &mut parts)?;
    let meter_provider = metrics::provider(metrics, exporters(Signal::Metrics), &mut parts)?;
    let Parts { background, lines, queues, tallies, prometheus_address, .. } = parts;
    Ok(Built {
        tracer_provider,
        meter_provider,
        loggers,
        propagator: propagators::propagator(propagators),
        background,
        lines,
        queues,
        tallies,
        prometheus_address,
    })
}

/// What the signals share, made when the first of them needs it.
pub(crate) struct Parts<'l> {
    loaded: &'l Loaded,
    resource: Resource,
    diagnostics: Diagnostics,
    writer: Option<Writer>,
    memory: Option<Arc<Memory>>,
    background: Option<Background>,
    console: Option<Arc<Console>>,
    lines: Vec<Arc<Lines>>,
    queues: Vec<Arc<dyn Waiting>>,
    /// By host and port.
    watches: BTreeMap<String, Arc<Watch>>,
    tallies: Vec<Arc<Tally>>,
    /// Where telemetry is measured too.
    own: Option<Own>,
    prometheus_address: Option<SocketAddr>,
}

/// What metrics about telemetry itself have that is in no account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    census: Arc<Census>,
    durations: Durations,
}

impl Parts<'_> {
    fn background(&mut self) -> Result<&Background, Error> {
        let background = match self.background.take() {
            Some(background) => background,
            None => Background::start()?,
        };
        Ok(self.background.insert(background))
    }

    fn shutdown_timeout(&self) -> Duration {
        self.loaded.config.shutdown_timeout.get()
    }

    /// The way into memory, for spans or log records; `None` without one.
    fn memory(&mut self, signal: Signal) -> Option<MemoryProcessor> {
        let memory = Arc::clone(self.memory.as_ref()?);
        self.tallies.push(memory.tally(signal));
        Some(MemoryProcessor(memory))
    }

    /// The console, for one more signal.
    fn console(&mut self, signal: Signal) -> Arc<Console> {
        let diagnostics = self.diagnostics;
        let Loaded { config, no_color, .. } = self.loaded;
        let (writer, lines) = (&mut self.writer, &mut self.lines);
        let console = self.console.get_or_insert_with(|| {
            let console = Console::new(&config.console, *no_color, writer.take(), diagnostics);
            lines.push(console.lines());
            Arc::new(console)
        });
        self.tallies.push(console.tally(signal));
        Arc::clone(console)
    }

    /// Opens the log file.
    fn file(&mut self) -> Result<LineLogs, Error> {
        let config = &self.loaded.config;
        let opened =
            file_logs(&config.file, &config.file_prefix(), self.shutdown_timeout(), self.diagnostics);
        let processor = opened.map_err(|error| {
            let key = "file.directory";
            let message = format!("cannot write to \"{}\": {error}", config.file.directory);
            Error::configuration(vec![Problem::new(message).key(key).at(self.loaded.origin(&key_path(key)))])
        })?;
        self.tallies.push(Arc::clone(&processor.tally));
        self.lines.push(Arc::clone(&processor.lines));
        Ok(processor)
    }

    /// The exporter of `signal` to a destination that speaks OTLP; `None` for one that does not.
    fn otlp(
        &mut self,
        exporter: &ExporterRef,
        signal: Signal,
        timeout: Timeout,
    ) -> Result<Option<OtlpExporter>, Error> {
        let Some(settings) = self.loaded.config.otlp_settings(exporter, signal) else { return Ok(None) };
        let tally = Arc::new(Tally::silent(signal, exporter.clone(), &settings.endpoint));
        let place = settings.endpoint.host_and_port();
        let new_watch = || Arc::new(Watch::new(place.clone(), self.diagnostics));
        let watch = self.watches.entry(place.clone()).or_insert_with(new_watch);
        let timer = self.own.as_ref().map(|own| {
            let component = Component::exporter(signal, exporter, Some(&settings));
            Arc::new(Timer::new(own.durations.clone(), component.attributes()))
        });
        let account = Account::new(Arc::clone(&tally), Arc::clone(watch), timer);
        let spawner = self.background()?.spawner();
        let (resource, proxies) = (&self.resource, &self.loaded.proxies);
        let exporter =
            OtlpExporter::new(&settings, timeout, resource, proxies, spawner, account, self.diagnostics)?;
        self.tallies.push(tally);
        Ok(Some(exporter))
    }

    /// The queue in front of `exporter`; `sizes` are those of the queue and of a batch.
    fn batch<T: std::fmt::Debug + Send + 'static>(
        &mut self,
        exporter: OtlpExporter,
        (max_queue_size, batch_size): (Size, u32),
        schedule_delay: Duration,
    ) -> Result<Batch<T>, Error>
    where
        OtlpExporter: Export<T>,
    {
        let settings = BatchSettings {
            max_queue_size: max_queue_size.get() as usize,
            max_export_batch_size: batch_size as usize,
            schedule_delay,
            flush_limit: self.shutdown_timeout(),
        };
        let account = exporter.account();
        let batch = Batch::start(exporter, settings, account, &self.background()?.spawner());
        self.queues.push(batch.queue());
        Ok(batch)
    }

    /// Takes the port, starts the server and returns the reader that it shows.
    #[cfg(feature = "prometheus")]
    fn prometheus(&mut self, callbacks: &Arc<Callbacks>) -> Result<Arc<dyn MetricReader>, Error> {
        use crate::export::prometheus::{Listener, exporter};

        let loaded = self.loaded;
        let config = &loaded.config.prometheus;
        let listener = Listener::bind(config).map_err(|error| {
            let (key, help) = match error.kind() {
                ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                    ("prometheus.port", "choose another port; 0 takes any free one")
                }
                _ => ("prometheus.host", "write a name or address of this machine; 0.0.0.0 stands for all"),
            };
            let message = format!("cannot listen on {}:{}: {error}", config.host, config.port.number());
            let problem = Problem::new(message).key(key).at(loaded.origin(&key_path(key)));
            Error::configuration(vec![problem.help(help)])
        })?;
        let (reader, registry) = exporter(config).map_err(|error| Error::system("prometheus", error))?;
        self.prometheus_address = Some(listener.address());
        let server = listener.serve(registry, config.path.as_str(), Arc::clone(callbacks), self.diagnostics);
        self.background()?.serve(server);
        Ok(Arc::new(reader))
    }

    #[cfg(not(feature = "prometheus"))]
    fn prometheus(&mut self, _: &Arc<Callbacks>) -> Result<Arc<dyn MetricReader>, Error> {
        let key = "metrics.exporters";
        let problem = Problem::new("this binary was built without the feature `prometheus`").key(key);
        Err(Error::configuration(vec![problem.at(self.loaded.origin(&key_path(key)))]))
    }
}
