//! Starts the exporters that the program adds in code.

use std::{fmt, io, sync::Arc, time::Duration};

use opentelemetry_sdk::trace::SpanData;

use super::{
    builder::PipelineBuilder,
    custom_parts::{CustomParts, CustomQueues, StartInput},
    running::Queued,
    self_metrics::Component,
};
use crate::{
    config::{BatchSettings, ExporterName, Signal, Timeout},
    error::Error,
    export::{
        custom::{ExporterControl, SendMetrics},
        queue::{BatchQueue, ScopedRecord},
        stats::recorder::StatsRecorder,
    },
};

/// The longest time of an export without a limit.
const DEFAULT_LIMIT: Duration = Duration::from_secs(30);

impl PipelineBuilder<'_> {
    /// Returns the exporter of spans that the program adds under this name, if it does.
    pub(super) fn custom_spans(
        &mut self,
        name: &ExporterName,
        timeout: Timeout,
        settings: BatchSettings,
    ) -> Result<Option<Arc<BatchQueue<SpanData>>>, Error> {
        self.custom_queue(name, Signal::Traces, timeout, settings, |custom| &mut custom.spans)
    }

    /// Returns the exporter of log records that the program adds under this name, if it does.
    pub(super) fn custom_logs(
        &mut self,
        name: &ExporterName,
        timeout: Timeout,
        settings: BatchSettings,
    ) -> Result<Option<Arc<BatchQueue<ScopedRecord>>>, Error> {
        self.custom_queue(name, Signal::Logs, timeout, settings, |custom| &mut custom.logs)
    }

    /// Returns the exporter of metrics that the program adds under this name, if it does.
    pub(super) fn custom_metrics(
        &mut self,
        name: &ExporterName,
        timeout: Timeout,
    ) -> Result<Option<Arc<dyn SendMetrics>>, Error> {
        let Some(part) = self.kept.custom.metrics.get(name.as_str()) else { return Ok(None) };
        let started = part.started();
        let input = self.custom_input(name, Signal::Metrics, timeout)?;
        let limit = input.limit;
        let (exporter, control) = match (started, self.kept.custom.metrics.get_mut(name.as_str())) {
            (None, Some(part)) => part.start(|start| start(input)).map_err(refused_thread)?,
            (Some(started), _) => started,
            (None, None) => return Ok(None),
        };
        self.use_control(control, limit);
        Ok(Some(exporter))
    }

    fn custom_queue<T: Queued>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        timeout: Timeout,
        settings: BatchSettings,
        queues: fn(&mut CustomParts) -> &mut CustomQueues<T>,
    ) -> Result<Option<Arc<BatchQueue<T>>>, Error> {
        let Some(part) = queues(&mut self.kept.custom).get(name.as_str()) else { return Ok(None) };
        let started = part.started();
        let input = self.custom_input(name, signal, timeout)?;
        let limit = input.limit;
        let (queue, control) = match (started, queues(&mut self.kept.custom).get_mut(name.as_str())) {
            (None, Some(part)) => part.start(|start| start(input, settings)).map_err(refused_thread)?,
            (Some((queue, control)), _) => {
                let running = Arc::clone(&queue);
                self.on_activation(move || running.set_settings(settings));
                (queue, control)
            }
            (None, None) => return Ok(None),
        };
        self.use_control(control, limit);
        self.monitor(name, signal, &queue);
        Ok(Some(queue))
    }

    fn use_control(&mut self, control: Arc<dyn ExporterControl>, limit: Duration) {
        let running = Arc::clone(&control);
        self.on_activation(move || running.set_limit(limit));
        self.outputs.controls.push(control);
    }

    fn custom_input<'n>(
        &mut self,
        name: &'n ExporterName,
        signal: Signal,
        timeout: Timeout,
    ) -> Result<StartInput<'n>, Error> {
        let diagnostics = self.diagnostics();
        let create = || StatsRecorder::new(signal, name, name, diagnostics);
        let recorder = self.account(signal, name.as_str(), name as &dyn fmt::Display, create);
        self.add_recorder(Arc::clone(&recorder), &Component::exporter(signal, name.as_str(), None));
        Ok(StartInput {
            name: name.as_str(),
            resource: self.fixed.resource.clone(),
            runtime: self.runtime()?,
            recorder,
            limit: timeout.limit().unwrap_or(DEFAULT_LIMIT),
        })
    }
}

fn refused_thread(error: io::Error) -> Error {
    Error::system("cannot start the thread of an exporter", error)
}
