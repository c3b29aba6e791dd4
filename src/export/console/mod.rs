//! Telemetry on standard output or standard error.
//!
//! - Keys: `[console]`
//! - Signals: all
//! - Feature: none

mod instrument_kind;
mod metrics;
mod number;
mod points;
mod spans;
mod stream;

use std::{io::IsTerminal as _, sync::Arc};

use self::stream::{Custom, Standard};
pub use self::{instrument_kind::InstrumentKind, number::NumberValue, points::MetricValue};
pub(crate) use self::{
    metrics::{table, write_metrics},
    points::{Point, count_points, sorted_points},
    spans::{ConsoleSpans, trees},
    stream::Writer,
};
use super::{
    line_writer::{LineLogDestination, LineWriter, Sink},
    stats::recorder::StatsRecorder,
};
use crate::{
    config::{self, Color, ExporterName, Signal, Stream},
    diagnostics::Diagnostics,
    format::{Format, missing, text::Palette},
};

/// Where and how to write.
#[derive(Debug)]
pub(crate) struct Console {
    lines: Arc<LineWriter>,
    format: Format,
    /// The accounts, in the order of [`Signal::ALL`].
    recorders: [Arc<StatsRecorder>; 3],
}

impl Console {
    /// `writer` takes the place of the stream.
    pub(crate) fn new(
        config: &config::Console,
        no_color: bool,
        writer: Option<Writer>,
        diagnostics: Diagnostics,
    ) -> Self {
        let config::Console { stream, format, color } = config;
        let terminal = writer.is_none()
            && match stream {
                Stream::Stdout => std::io::stdout().is_terminal(),
                Stream::Stderr => std::io::stderr().is_terminal(),
            };
        let color = match color {
            Color::Auto => terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        let format = match format {
            config::Format::Json => Format::Json,
            config::Format::Auto if !terminal => Format::Json,
            config::Format::Auto | config::Format::Text => Format::Text(Palette::new(color)),
        };
        let destination = match (&writer, stream) {
            (Some(_), _) => "the program's writer",
            (None, Stream::Stdout) => "standard output",
            (None, Stream::Stderr) => "standard error",
        };
        let sink: Box<dyn Sink> = match writer {
            Some(writer) => Box::new(Custom { writer, panicked: false }),
            None => Box::new(Standard { stream: *stream, is_terminal: terminal, mid_line: false }),
        };
        let lines =
            Arc::new(LineWriter::new(sink, move |lines| missing(format, lines), destination, diagnostics));
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

    /// The account of a signal.
    pub(crate) fn recorder(&self, signal: Signal) -> Arc<StatsRecorder> {
        Arc::clone(&self.recorders[signal as usize])
    }

    /// Writes the lines of so many items, whole and at once, so that threads never mix theirs.
    fn write(&self, signal: Signal, items: usize, lines: impl FnOnce(Format) -> String) {
        let (recorder, items) = (&self.recorders[signal as usize], items as u64);
        if !self.lines.is_closed(items, recorder) {
            self.lines.push(&lines(self.format), items, recorder);
        }
    }

    /// As [`write`](Self::write), without calling the sink on this thread.
    fn write_queued(&self, signal: Signal, items: usize, lines: impl FnOnce(Format) -> String) {
        let (recorder, items) = (&self.recorders[signal as usize], items as u64);
        if !self.lines.is_closed(items, recorder) {
            self.lines.push_queued(&lines(self.format), items, recorder);
        }
    }
}
