//! The output of lines, which may block.

use std::{
    fmt, io,
    io::IsTerminal as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    config::{RollingFileSettings, Stream},
    diagnostics::DiagnosticLog,
    export::{
        file::RollingFile,
        line_writer::{CloseReason, LineSink, StdStreamSink, WriteError},
    },
};

/// Standard output or a rolling file.
pub(crate) struct LineOutput {
    sink: Mutex<Box<dyn LineSink>>,
    destination: String,
    /// True after the message that the reader has closed the output.
    is_reported: AtomicBool,
    diagnostics: DiagnosticLog,
}

impl fmt::Debug for LineOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineOutput").field("destination", &self.destination).finish_non_exhaustive()
    }
}

/// The reason why a line was not written.
#[derive(Debug)]
pub(super) enum LineError {
    /// The reader has closed the output.
    Unread,
    Failed(io::Error),
}

impl LineOutput {
    pub(crate) fn stdout(diagnostics: DiagnosticLog) -> Self {
        let sink = StdStreamSink::new(Stream::Stdout, io::stdout().is_terminal());
        Self::new(Box::new(sink), "standard output".to_owned(), diagnostics)
    }

    /// Opens the current file.
    pub(crate) fn file(settings: &RollingFileSettings, diagnostics: DiagnosticLog) -> io::Result<Self> {
        let file = RollingFile::open(settings, ".jsonl", diagnostics)?;
        Ok(Self::new(Box::new(file), format!("files in {}", settings.directory), diagnostics))
    }

    fn new(sink: Box<dyn LineSink>, destination: String, diagnostics: DiagnosticLog) -> Self {
        Self { sink: Mutex::new(sink), destination, is_reported: AtomicBool::new(false), diagnostics }
    }

    pub(crate) fn destination(&self) -> &str {
        &self.destination
    }

    /// Writes a line. Blocks as long as the reader is slow.
    pub(super) fn write(&self, line: &[u8]) -> Result<(), LineError> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Err(WriteError { error, .. }) = sink.write_all(line) else {
            self.is_reported.store(false, Ordering::Relaxed);
            return Ok(());
        };
        if sink.close_reason(&error) != Some(CloseReason::ReaderLeft) {
            return Err(LineError::Failed(error));
        }
        drop(sink);
        if !self.is_reported.swap(true, Ordering::Relaxed) {
            let destination = &self.destination;
            self.diagnostics
                .warn(format_args!("{destination} was closed by its reader; OTLP output stopped"));
        }
        Err(LineError::Unread)
    }
}
