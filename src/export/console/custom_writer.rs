//! A writer of the program in place of the stream.

use std::{
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::export::line_writer::{CloseReason, LineSink, WriteError};

/// A writer of the program in place of the stream.
pub(crate) type ConsoleWriter = Box<dyn Write + Send>;

/// Calls a writer of the program on the logging thread.
pub(super) struct CustomWriterSink {
    writer: ConsoleWriter,
    panicked: bool,
}

impl CustomWriterSink {
    pub(super) fn new(writer: ConsoleWriter) -> Self {
        Self { writer, panicked: false }
    }
}

impl LineSink for CustomWriterSink {
    fn try_write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.write_all(lines).map_err(|failure| failure.error)?;
        Ok(lines.len())
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let writer = &mut self.writer;
        let result = catch_unwind(AssertUnwindSafe(|| writer.write_all(lines).and_then(|()| writer.flush())));
        let result = result.unwrap_or_else(|_| {
            self.panicked = true;
            Err(io::Error::other("the writer panicked"))
        });
        result.map_err(|error| WriteError { written: 0, error })
    }

    fn close_reason(&self, error: &io::Error) -> Option<CloseReason> {
        if self.panicked { Some(CloseReason::Panicked) } else { CloseReason::from_write_error(error) }
    }
}
