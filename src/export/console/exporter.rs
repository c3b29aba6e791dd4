//! The exporter that writes all signals to one stream.

use std::{io::IsTerminal as _, sync::Arc};

use super::custom_writer::{ConsoleWriter, CustomWriterSink};
use crate::{
    config::{self, Color, ExporterName, Signal, Stream},
    diagnostics::DiagnosticLog,
    export::{
        line_writer::{LineLogDestination, LineSink, LineWriter, StdStreamSink},
        stats::recorder::StatsRecorder,
    },
    format::{LineFormat, Palette, drop_notice},
};

/// Writes all signals to one stream, in one format.
#[derive(Debug)]
pub(crate) struct ConsoleExporter {
    lines: Arc<LineWriter>,
    format: LineFormat,
    /// One recorder per signal, in the order of [`Signal::ALL`].
    recorders: [Arc<StatsRecorder>; 3],
}

impl ConsoleExporter {
    /// Creates the exporter. A `writer` replaces the stream.
    pub(crate) fn new(
        config: &config::Console,
        no_color: bool,
        writer: Option<ConsoleWriter>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        let config::Console { stream, format, color } = config;
        let is_terminal = writer.is_none()
            && match stream {
                Stream::Stdout => std::io::stdout().is_terminal(),
                Stream::Stderr => std::io::stderr().is_terminal(),
            };
        let colors = match color {
            Color::Auto => is_terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        let format = match format {
            config::Format::Json => LineFormat::Json,
            config::Format::Auto if !is_terminal => LineFormat::Json,
            config::Format::Auto | config::Format::Text => LineFormat::Text(Palette::new(colors)),
        };
        let destination = match (&writer, stream) {
            (Some(_), _) => "the program's writer",
            (None, Stream::Stdout) => "standard output",
            (None, Stream::Stderr) => "standard error",
        };
        let sink: Box<dyn LineSink> = match writer {
            Some(writer) => Box::new(CustomWriterSink::new(writer)),
            None => Box::new(StdStreamSink::new(*stream, is_terminal)),
        };
        let lines = Arc::new(LineWriter::new(
            sink,
            move |lines| drop_notice(format, lines),
            destination,
            diagnostics,
        ));
        let recorder =
            |signal| Arc::new(StatsRecorder::new(signal, ExporterName::Console, destination, diagnostics));
        Self { lines, format, recorders: Signal::ALL.map(recorder) }
    }

    /// Returns the destination of log records.
    pub(crate) fn logs(&self) -> LineLogDestination {
        LineLogDestination { lines: self.lines(), format: self.format, recorder: self.recorder(Signal::Logs) }
    }

    pub(crate) fn lines(&self) -> Arc<LineWriter> {
        Arc::clone(&self.lines)
    }

    pub(crate) fn recorder(&self, signal: Signal) -> Arc<StatsRecorder> {
        Arc::clone(&self.recorders[signal as usize])
    }

    pub(super) fn format(&self) -> LineFormat {
        self.format
    }

    /// Writes the lines of `items` as a whole, so that lines of other threads do not interleave.
    pub(super) fn write(&self, signal: Signal, items: usize, lines: impl FnOnce(LineFormat) -> String) {
        let (recorder, items) = (&self.recorders[signal as usize], items as u64);
        if !self.lines.refuse_early(items, recorder) {
            self.lines.push(&lines(self.format), items, recorder);
        }
    }

    /// Same as [`write`](Self::write), but does not call the sink on this thread.
    pub(super) fn write_queued(
        &self,
        signal: Signal,
        items: usize,
        lines: impl FnOnce(LineFormat) -> String,
    ) {
        let (recorder, items) = (&self.recorders[signal as usize], items as u64);
        if !self.lines.refuse_early(items, recorder) {
            self.lines.push_queued(&lines(self.format), items, recorder);
        }
    }
}
