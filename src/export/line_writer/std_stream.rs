//! Standard output and standard error.

use std::{
    io::{self, ErrorKind},
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
};

use super::sink::{CloseReason, LineSink, WriteError, whole_lines_len};
use crate::{
    config::Stream,
    diagnostics::{stdio, stdio::PIPE_BUF},
};

/// The ends of standard output and standard error. Several exporters may write to one stream, so
/// each of them locks its end during a write.
static ENDS: [Mutex<StreamEnd>; 2] =
    [Mutex::new(StreamEnd { mid_line: false }), Mutex::new(StreamEnd { mid_line: false })];

/// The end of what was written to a stream.
struct StreamEnd {
    /// True if it is an incomplete line.
    mid_line: bool,
}

/// Writes lines to one of the standard streams.
pub(crate) struct StdStreamSink {
    stream: Stream,
    /// A terminal can be paused at any time and does not report how much it accepts.
    is_terminal: bool,
}

impl StdStreamSink {
    pub(crate) fn new(stream: Stream, is_terminal: bool) -> Self {
        Self { stream, is_terminal }
    }

    fn lock(&self) -> MutexGuard<'static, StreamEnd> {
        ENDS[self.stream as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'static, StreamEnd>> {
        match ENDS[self.stream as usize].try_lock() {
            Ok(end) => Some(end),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
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
        if self.is_terminal || lines.len() > PIPE_BUF || !stdio::is_writable(self.stream) {
            return Ok(0);
        }
        let Some(_end) = self.try_lock().filter(|end| !end.mid_line) else { return Ok(0) };
        match stdio::write(self.stream, lines) {
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(0),
            result => result,
        }
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let mut end = self.lock();
        if end.mid_line {
            self.write(b"\n").map_err(|WriteError { error, .. }| WriteError { written: 0, error })?;
            end.mid_line = false;
        }
        // Each write fits into PIPE_BUF, so that no other process writes into the middle of a line.
        let mut done = 0;
        while done < lines.len() {
            let rest = &lines[done..];
            let chunk = &rest[..whole_lines_len(rest, PIPE_BUF)];
            self.write(chunk).map_err(|WriteError { written, error }| {
                let written = done + written;
                end.mid_line = lines[..written].last().is_some_and(|byte| *byte != b'\n');
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
