//! Builds the exporters that write lines to files and to standard output.

use std::{io, sync::Arc};

use super::{
    builder::PipelineBuilder,
    exporter_key::ExporterKey,
    running::{Queued, RunningFile, RunningLines},
    self_metrics::Component,
};
use crate::{
    config::{BatchSettings, ExporterName, NonEmptyString, OtlpLines, Signal, Timeout},
    error::{Error, Problem},
    export::{
        file,
        line_writer::LineLogDestination,
        otlp_file::{LineOutput, OtlpFileExporter},
        queue::{BatchExporter, BatchQueue, Export},
        stats::recorder::StatsRecorder,
    },
};

impl PipelineBuilder<'_> {
    /// Opens the log file.
    pub(super) fn file(&mut self) -> Result<LineLogDestination, Error> {
        let config = &self.settings.config;
        let (settings, format) = (config.file_settings(), config.file.format);
        let diagnostics = self.diagnostics();
        let running = self.previous.file.as_ref();
        let running = running.filter(|running| (&running.settings, running.format) == (&settings, format));
        let lines = match running {
            Some(running) => Arc::clone(&running.lines),
            None => file::open_log_file(&settings, file::line_format(format), diagnostics)
                .map_err(|error| not_writable("file", &config.file.directory, error))?,
        };
        let destination = file::destination(&settings);
        let recorder = self.account(Signal::Logs, ExporterName::File.as_str(), &destination, || {
            StatsRecorder::new(Signal::Logs, ExporterName::File, &destination, diagnostics)
        });
        let component = Component::exporter(Signal::Logs, ExporterName::File.as_str(), None);
        self.add_recorder(Arc::clone(&recorder), &component);
        self.outputs.line_writers.push(Arc::clone(&lines));
        self.next.file = Some(RunningFile { lines: Arc::clone(&lines), settings, format });
        Ok(LineLogDestination { lines, format: file::line_format(format), recorder })
    }

    /// Returns the output of lines of OTLP.
    pub(super) fn otlp_lines(&self, name: &ExporterName, signal: Signal) -> OtlpLines {
        self.settings.config.otlp_lines(name, signal).unwrap_or(OtlpLines::Stdout)
    }

    /// Builds the exporter that writes one signal as lines of OTLP.
    pub(super) fn otlp_file(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        settings: &OtlpLines,
    ) -> Result<OtlpFileExporter, Error> {
        let diagnostics = self.diagnostics();
        let place = (signal, name.to_string());
        let running = self.previous.lines.get(&place).filter(|running| running.settings == *settings);
        let output = match (running, settings) {
            (Some(running), _) => Arc::clone(&running.output),
            (None, OtlpLines::Files(settings)) => {
                let output = LineOutput::file(settings, diagnostics);
                Arc::new(output.map_err(|error| not_writable("otlp_file", &settings.directory, error))?)
            }
            (None, OtlpLines::Stdout) => {
                let stdout = &mut self.kept.otlp_stdout;
                Arc::clone(stdout.get_or_insert_with(|| Arc::new(LineOutput::stdout(diagnostics))))
            }
        };
        let running = RunningLines { output: Arc::clone(&output), settings: settings.clone() };
        self.next.lines.insert(place, running);
        let recorder = self.account(signal, name.as_str(), &output.destination(), || {
            StatsRecorder::new(signal, name, output.destination(), diagnostics)
        });
        self.add_recorder(Arc::clone(&recorder), &Component::exporter(signal, name.as_str(), None));
        Ok(OtlpFileExporter::new(output, &self.fixed.resource, self.runtime()?, recorder, diagnostics))
    }

    /// Returns the queue in front of an exporter that writes lines of OTLP.
    pub(super) fn otlp_file_queue<T: Queued>(
        &mut self,
        name: &ExporterName,
        signal: Signal,
        batch: BatchSettings,
    ) -> Result<Arc<BatchQueue<T>>, Error>
    where
        OtlpFileExporter: Export<T>,
    {
        let output = self.otlp_lines(name, signal);
        let exporter = self.otlp_file(name, signal, &output)?;
        let key = ExporterKey::Lines { output, timeout: Timeout::from_secs(0) };
        self.queue(name, signal, key, batch, |_| {
            let losses = exporter.losses();
            Ok(BatchExporter::new(exporter, losses))
        })
    }
}

fn not_writable(table: &str, directory: &NonEmptyString, error: io::Error) -> Error {
    let problem = Problem::new(format!("cannot write to \"{directory}\": {error}"));
    Error::configuration(vec![problem.with_key(format!("{table}.directory")).with_source(error)])
}
