//! The exporter that writes all signals to one stream.

use std::{fmt, io::IsTerminal as _, sync::Arc};

use arc_swap::ArcSwap;

use super::custom_writer::{ConsoleWriter, CustomWriterSink};
use crate::{
    config::{self, Color, Signal, Stream},
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
    target: Target,
    format: LineFormat,
    /// The format of the lines about dropped ones.
    notice_format: Arc<ArcSwap<LineFormat>>,
    /// One recorder per signal, in the order of [`Signal::ALL`].
    recorders: [Arc<StatsRecorder>; 3],
}

/// The place that lines are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Stream(Stream),
    /// The writer of the program.
    Writer,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer => "the program's writer",
            Self::Stream(Stream::Stdout) => "standard output",
            Self::Stream(Stream::Stderr) => "standard error",
        })
    }
}

impl Target {
    fn is_terminal(self) -> bool {
        match self {
            Self::Writer => false,
            Self::Stream(Stream::Stdout) => std::io::stdout().is_terminal(),
            Self::Stream(Stream::Stderr) => std::io::stderr().is_terminal(),
        }
    }

    /// Returns the format of lines. `no_color` is that of the environment.
    fn format(self, config: &config::Console, no_color: bool) -> LineFormat {
        let is_terminal = self.is_terminal();
        let colors = match config.color {
            Color::Auto => is_terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        match config.format {
            config::Format::Json => LineFormat::Json,
            config::Format::Auto if !is_terminal => LineFormat::Json,
            config::Format::Auto | config::Format::Text => LineFormat::Text(Palette::new(colors)),
        }
    }
}

impl ConsoleExporter {
    /// Creates the exporter. A `writer` replaces the stream.
    pub(crate) fn new(
        config: &config::Console,
        no_color: bool,
        writer: Option<ConsoleWriter>,
        recorder: impl FnMut(Signal, &dyn fmt::Display) -> Arc<StatsRecorder>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        let target = if writer.is_some() { Target::Writer } else { Target::Stream(config.stream) };
        let sink: Box<dyn LineSink> = match writer {
            Some(writer) => Box::new(CustomWriterSink::new(writer)),
            None => Box::new(StdStreamSink::new(config.stream, target.is_terminal())),
        };
        Self::open(target, sink, target.format(config, no_color), recorder, diagnostics)
    }

    /// Returns the exporter with other settings, for the same stream or writer if they name it.
    pub(crate) fn with_config(
        &self,
        config: &config::Console,
        no_color: bool,
        recorder: impl FnMut(Signal, &dyn fmt::Display) -> Arc<StatsRecorder>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        let target = match self.target {
            Target::Writer => Target::Writer,
            Target::Stream(_) => Target::Stream(config.stream),
        };
        if target != self.target {
            return Self::new(config, no_color, None, recorder, diagnostics);
        }
        Self {
            lines: self.lines(),
            target,
            format: target.format(config, no_color),
            notice_format: Arc::clone(&self.notice_format),
            recorders: self.recorders.clone(),
        }
    }

    fn open(
        target: Target,
        sink: Box<dyn LineSink>,
        format: LineFormat,
        mut recorder: impl FnMut(Signal, &dyn fmt::Display) -> Arc<StatsRecorder>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        let notice_format = Arc::new(ArcSwap::from_pointee(format));
        let of_notice = Arc::clone(&notice_format);
        let lines = LineWriter::new(
            sink,
            move |lines| drop_notice(**of_notice.load(), lines),
            &target.to_string(),
            diagnostics,
        );
        let recorders = Signal::ALL.map(|signal| recorder(signal, &target));
        Self { lines: Arc::new(lines), target, format, notice_format, recorders }
    }

    /// Takes effect in place of another one for the same accounts.
    pub(crate) fn activate(&self) {
        self.notice_format.store(Arc::new(self.format));
        self.recorders.iter().for_each(|recorder| recorder.set_destination(self.target));
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
