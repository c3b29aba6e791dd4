//! Standard output and standard error.

use std::io::{self, ErrorKind};

use crate::{
    config::Stream,
    diagnostics::{stdio, stdio::PIPE_BUF},
    export::line_writer::{CloseReason, LineSink, WriteError, whole_lines_len},
};

/// Writes lines to one of the standard streams.
pub(super) struct StdStreamSink {
    stream: Stream,
    /// A terminal can be paused at any time and does not report how much it accepts.
    is_terminal: bool,
    /// True if the stream ends with an incomplete line.
    mid_line: bool,
}

impl StdStreamSink {
    pub(super) fn new(stream: Stream, is_terminal: bool) -> Self {
        Self { stream, is_terminal, mid_line: false }
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let mut written = 0;
        while written < lines.len() {
            match stdio::write(self.stream, &lines[written..]) {
                Ok(0) => return Err(WriteError { written, error: ErrorKind::WriteZero.into() }),
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => stdio::wait_writable(self.stream),
                Err(error) => return Err(WriteError { written, error }),
            }
        }
        Ok(())
    }
}

impl LineSink for StdStreamSink {
    fn try_write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.is_terminal || self.mid_line || lines.len() > PIPE_BUF || !stdio::is_writable(self.stream) {
            return Ok(0);
        }
        match stdio::write(self.stream, lines) {
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(0),
            result => result,
        }
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        if self.mid_line {
            self.write(b"\n").map_err(|WriteError { error, .. }| WriteError { written: 0, error })?;
            self.mid_line = false;
        }
        // Each write fits into PIPE_BUF, so that no other process writes into the middle of a line.
        let mut done = 0;
        while done < lines.len() {
            let rest = &lines[done..];
            let chunk = &rest[..whole_lines_len(rest, PIPE_BUF)];
            self.write(chunk).map_err(|WriteError { written, error }| {
                let written = done + written;
                self.mid_line = lines[..written].last().is_some_and(|byte| *byte != b'\n');
                WriteError { written, error }
            })?;
            done += chunk.len();
        }
        Ok(())
    }

    fn is_interactive(&self) -> bool {
        self.is_terminal
    }

    fn is_writable(&self) -> bool {
        stdio::is_writable(self.stream)
    }

    fn close_reason(&self, error: &io::Error) -> Option<CloseReason> {
        (error.kind() == ErrorKind::BrokenPipe).then_some(CloseReason::ReaderLeft)
    }

    fn has_reader(&self) -> bool {
        stdio::has_reader(self.stream)
    }
}
