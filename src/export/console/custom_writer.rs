//! A writer of the program in place of the stream.

use std::io::{self, Write};

use crate::{
    export::line_writer::{CloseReason, LineSink, WriteError},
    shield::Shielded,
};

/// A writer of the program in place of the stream.
pub(crate) type ConsoleWriter = Shielded<Box<dyn Write + Send>>;

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
        let result = self.writer.with_mut(|writer| {
            let result = writer.write_all(lines).and_then(|()| writer.flush());
            // An error of the program may panic when it is formatted or dropped.
            result.map_err(|error| match error.get_ref() {
                Some(_) => io::Error::new(error.kind(), error.to_string()),
                None => error,
            })
        });
        let result = result.unwrap_or_else(|| {
            self.panicked = true;
            Err(io::Error::other("the writer panicked"))
        });
        result.map_err(|error| WriteError { written: 0, error })
    }

    /// Closes after a panic only. An error, even `BrokenPipe`, costs the lines of its call.
    fn close_reason(&self, _: &io::Error) -> Option<CloseReason> {
        self.panicked.then_some(CloseReason::Panicked)
    }
}
