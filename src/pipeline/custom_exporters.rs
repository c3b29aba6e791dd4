//! Starts the exporters that the program adds in code.

use std::{fmt, io, sync::Arc, time::Duration};

use opentelemetry_sdk::trace::SpanData;

use super::{
    builder::PipelineBuilder,
    custom_parts::{StartInput, StartQueue},
    self_metrics::Component,
};
use crate::{
    config::{BatchSettings, ExporterName, Signal, Timeout},
    error::Error,
    export::{
        custom::SendMetrics,
        queue::{BatchQueue, ScopedRecord},
        stats::recorder::StatsRecorder,
    },
};

/// The longest time of an export without a limit.
const DEFAULT_LIMIT: Duration = Duration::from_secs(30);

impl PipelineBuilder<'_> {
    /// Starts the exporter of spans that the program adds under this name, if it does.
    pub(super) fn custom_spans(
        &mut self,
        name: &ExporterName,
        timeout: Timeout,
        settings: BatchSettings,
    ) -> Result<Option<Arc<BatchQueue<SpanData>>>, Error> {
        let start = self.custom.take_spans(name.as_str());
        start.map(|start| self.custom_queue(name, Signal::Traces, timeout, settings, start)).transpose()
    }

    /// Starts the exporter of log records that the program adds under this name, if it does.
    pub(super) fn custom_logs(
        &mut self,
        name: &ExporterName,
        timeout: Timeout,
        settings: BatchSettings,
    ) -> Result<Option<Arc<BatchQueue<ScopedRecord>>>, Error> {
        let start = self.custom.take_logs(name.as_str());
        start.map(|start| self.custom_queue(name, Signal::Logs, timeout, settings, start)).transpose()
    }

    /// Starts the exporter of metrics that the program adds under this name, if it does.
    pub(super) fn custom_metrics(
        &mut self,
        name: &ExporterName,
        timeout: Timeout,
    ) -> Result<Option<Box<dyn SendMetrics>>, Error> {
        let Some(start) = self.custom.take_metrics(name.as_str()) else { return Ok(None) };
        let input = self.custom_input(name, Signal::Metrics, timeout)?;
        let (exporter, control) = start(input).map_err(refused_thread)?;
        self.outputs.controls.push(control);
        Ok(Some(exporter))
    }

    fn custom_queue<T: fmt::Debug + Send + 'static>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        timeout: Timeout,
        settings: BatchSettings,
        start: StartQueue<T>,
    ) -> Result<Arc<BatchQueue<T>>, Error> {
        let input = self.custom_input(name, signal, timeout)?;
        let (queue, control) = start(input, settings).map_err(refused_thread)?;
        self.outputs.controls.push(control);
        self.monitor(name, signal, &queue);
        Ok(queue)
    }

    fn custom_input<'n>(
        &mut self,
        name: &'n ExporterName,
        signal: Signal,
        timeout: Timeout,
    ) -> Result<StartInput<'n>, Error> {
        let recorder = Arc::new(StatsRecorder::new(signal, name, name, self.inputs.diagnostics));
        self.add_recorder(Arc::clone(&recorder), &Component::exporter(signal, name.as_str(), None));
        Ok(StartInput {
            name: name.as_str(),
            resource: self.inputs.resource.clone(),
            runtime: self.runtime.get()?.handle(),
            recorder,
            limit: timeout.limit().unwrap_or(DEFAULT_LIMIT),
        })
    }
}

fn refused_thread(error: io::Error) -> Error {
    Error::system("cannot start the thread of an exporter", error)
}
