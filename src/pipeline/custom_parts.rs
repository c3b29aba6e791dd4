//! The parts that the program adds in code.

use std::{collections::BTreeMap, fmt, io, sync::Arc, time::Duration};

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::LogExporter,
    metrics::exporter::PushMetricExporter,
    trace::{ShouldSample, SpanData, SpanExporter},
};

use super::{processor::CustomProcessors, propagators::SharedPropagator};
use crate::{
    config::{BatchSettings, Sampler},
    export::{
        custom::{Control, CustomExporter, CustomLosses, ExporterControl, SendMetrics},
        queue::{BatchExporter, BatchQueue, Export, ScopedRecord},
        runtime::RuntimeHandle,
        stats::recorder::StatsRecorder,
    },
};

/// The parts of the program.
#[derive(Default)]
pub(crate) struct CustomParts {
    pub(super) spans: CustomQueues<SpanData>,
    pub(super) logs: CustomQueues<ScopedRecord>,
    pub(super) metrics: BTreeMap<String, CustomPart<StartMetrics, StartedMetrics>>,
    pub(crate) processors: CustomProcessors,
    samplers: BTreeMap<String, Box<dyn ShouldSample>>,
    propagators: BTreeMap<String, SharedPropagator>,
}

/// Exporters with a queue, by their names.
pub(super) type CustomQueues<T> = BTreeMap<String, CustomPart<StartQueue<T>, StartedQueue<T>>>;

/// A part that is started when it is first used, and then runs until the shutdown.
pub(super) struct CustomPart<S, R> {
    start: Option<S>,
    started: Option<R>,
}

/// A queue, and the control of the exporter behind it.
pub(super) type StartedQueue<T> = (Arc<BatchQueue<T>>, Arc<dyn ExporterControl>);

/// An exporter of metrics, and its control.
pub(super) type StartedMetrics = (Arc<dyn SendMetrics>, Arc<dyn ExporterControl>);

/// Starts an exporter with a queue in front of it.
pub(super) type StartQueue<T> =
    Box<dyn FnOnce(StartInput<'_>, BatchSettings) -> io::Result<StartedQueue<T>> + Send>;

/// Starts an exporter of metrics.
pub(super) type StartMetrics = Box<dyn FnOnce(StartInput<'_>) -> io::Result<StartedMetrics> + Send>;

/// The inputs for the start of an exporter.
pub(super) struct StartInput<'i> {
    pub(super) name: &'i str,
    pub(super) resource: Resource,
    pub(super) runtime: RuntimeHandle,
    pub(super) recorder: Arc<StatsRecorder>,
    /// The longest time of one export.
    pub(super) limit: Duration,
}

impl<S, R: Clone> CustomPart<S, R> {
    fn new(start: S) -> Self {
        Self { start: Some(start), started: None }
    }

    /// Returns the started part; `None` if it is not started yet.
    pub(super) fn started(&self) -> Option<R> {
        self.started.clone()
    }

    /// Starts the part, once.
    pub(super) fn start(&mut self, start: impl FnOnce(S) -> io::Result<R>) -> io::Result<R> {
        let Some(part) = self.start.take() else {
            return Err(io::Error::other("it could not be started before"));
        };
        Ok(self.started.insert(start(part)?).clone())
    }
}

impl fmt::Debug for CustomParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomParts").finish_non_exhaustive()
    }
}

impl CustomParts {
    pub(crate) fn add_spans<E: SpanExporter + 'static>(&mut self, name: String, mut exporter: E) {
        let start: StartQueue<SpanData> = Box::new(move |input, settings| {
            exporter.set_resource(&input.resource);
            start_queue(exporter, input, settings, E::force_flush, E::shutdown_with_timeout)
        });
        self.spans.insert(name, CustomPart::new(start));
    }

    pub(crate) fn add_logs<E: LogExporter + 'static>(&mut self, name: String, mut exporter: E) {
        let start: StartQueue<ScopedRecord> = Box::new(move |input, settings| {
            exporter.set_resource(&input.resource);
            // The interface of the SDK has no flush of log records.
            start_queue(exporter, input, settings, |_| Ok(()), E::shutdown_with_timeout)
        });
        self.logs.insert(name, CustomPart::new(start));
    }

    pub(crate) fn add_metrics<E: PushMetricExporter>(&mut self, name: String, exporter: E) {
        let start: StartMetrics = Box::new(move |input| {
            let StartInput { name, runtime, recorder, limit, .. } = input;
            let exporter = CustomExporter::start(name, exporter, runtime, recorder, limit)?;
            let control = Control {
                exporter: exporter.clone(),
                flush: E::force_flush,
                shutdown: E::shutdown_with_timeout,
            };
            Ok((Arc::new(exporter) as _, Arc::new(control) as _))
        });
        self.metrics.insert(name, CustomPart::new(start));
    }

    pub(crate) fn add_sampler(&mut self, name: String, sampler: Box<dyn ShouldSample>) {
        self.samplers.insert(name, sampler);
    }

    pub(crate) fn add_propagator(
        &mut self,
        name: String,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) {
        self.propagators.insert(name, Arc::new(propagator));
    }

    /// Returns the sampler with its name, if it is one of the program.
    pub(super) fn sampler(&self, sampler: &Sampler) -> Option<(String, Box<dyn ShouldSample>)> {
        match sampler {
            Sampler::Own(name) => Some((name.clone(), self.samplers.get(name)?.clone())),
            _ => None,
        }
    }

    pub(super) fn propagator(&self, name: &str) -> Option<SharedPropagator> {
        self.propagators.get(name).map(Arc::clone)
    }
}

fn start_queue<T: fmt::Debug + Send + 'static, E: Send + Sync + 'static>(
    exporter: E,
    input: StartInput<'_>,
    settings: BatchSettings,
    flush: fn(&E) -> OTelSdkResult,
    shutdown: fn(&E, Duration) -> OTelSdkResult,
) -> io::Result<StartedQueue<T>>
where
    CustomExporter<E>: Export<T>,
{
    let StartInput { name, runtime, recorder, limit, .. } = input;
    let losses = Box::new(CustomLosses(Arc::clone(&recorder)));
    let exporter = CustomExporter::start(name, exporter, runtime.clone(), recorder, limit)?;
    let control = Control { exporter: exporter.clone(), flush, shutdown };
    Ok((BatchQueue::start(BatchExporter::new(exporter, losses), settings, &runtime), Arc::new(control)))
}
