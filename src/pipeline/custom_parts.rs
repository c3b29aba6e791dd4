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

use super::processor::CustomProcessors;
use crate::{
    config::{BatchSettings, Sampler},
    export::{
        custom::{Control, CustomExporter, CustomLosses, ExporterControl, SendMetrics},
        queue::{BatchQueue, Export, ScopedRecord},
        runtime::RuntimeHandle,
        stats::recorder::StatsRecorder,
    },
};

/// The parts of the program, until they are used.
#[derive(Default)]
pub(crate) struct CustomParts {
    spans: BTreeMap<String, StartQueue<SpanData>>,
    logs: BTreeMap<String, StartQueue<ScopedRecord>>,
    metrics: BTreeMap<String, StartMetrics>,
    pub(crate) processors: CustomProcessors,
    samplers: BTreeMap<String, Box<dyn ShouldSample>>,
    propagators: BTreeMap<String, OwnPropagator>,
}

/// A propagator of the program.
pub(super) type OwnPropagator = Box<dyn TextMapPropagator + Send + Sync>;

/// A queue, and the control of the exporter behind it.
type StartedQueue<T> = (Arc<BatchQueue<T>>, Arc<dyn ExporterControl>);

/// Starts an exporter with a queue in front of it.
pub(super) type StartQueue<T> =
    Box<dyn FnOnce(StartInput<'_>, BatchSettings) -> io::Result<StartedQueue<T>> + Send>;

/// Starts an exporter of metrics.
pub(super) type StartMetrics =
    Box<dyn FnOnce(StartInput<'_>) -> io::Result<(Box<dyn SendMetrics>, Arc<dyn ExporterControl>)> + Send>;

/// The inputs for the start of an exporter.
pub(super) struct StartInput<'i> {
    pub(super) name: &'i str,
    pub(super) resource: Resource,
    pub(super) runtime: RuntimeHandle,
    pub(super) recorder: Arc<StatsRecorder>,
    /// The longest time of one export.
    pub(super) limit: Duration,
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
        self.spans.insert(name, start);
    }

    pub(crate) fn add_logs<E: LogExporter + 'static>(&mut self, name: String, mut exporter: E) {
        let start: StartQueue<ScopedRecord> = Box::new(move |input, settings| {
            exporter.set_resource(&input.resource);
            // The interface of the SDK has no flush of log records.
            start_queue(exporter, input, settings, |_| Ok(()), E::shutdown_with_timeout)
        });
        self.logs.insert(name, start);
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
            Ok((Box::new(exporter) as _, Arc::new(control) as _))
        });
        self.metrics.insert(name, start);
    }

    pub(crate) fn add_sampler(&mut self, name: String, sampler: Box<dyn ShouldSample>) {
        self.samplers.insert(name, sampler);
    }

    pub(crate) fn add_propagator(&mut self, name: String, propagator: OwnPropagator) {
        self.propagators.insert(name, propagator);
    }

    /// Returns the sampler with its name, if it is one of the program.
    pub(super) fn take_sampler(&mut self, sampler: &Sampler) -> Option<(String, Box<dyn ShouldSample>)> {
        match sampler {
            Sampler::Own(name) => self.samplers.remove_entry(name),
            _ => None,
        }
    }

    pub(super) fn take_propagator(&mut self, name: &str) -> Option<OwnPropagator> {
        self.propagators.remove(name)
    }

    pub(super) fn take_spans(&mut self, name: &str) -> Option<StartQueue<SpanData>> {
        self.spans.remove(name)
    }

    pub(super) fn take_logs(&mut self, name: &str) -> Option<StartQueue<ScopedRecord>> {
        self.logs.remove(name)
    }

    pub(super) fn take_metrics(&mut self, name: &str) -> Option<StartMetrics> {
        self.metrics.remove(name)
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
    Ok((BatchQueue::start(exporter, settings, losses, &runtime), Arc::new(control)))
}
