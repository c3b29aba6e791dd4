//! Standard output and standard error, and writers that take their place.

use std::{
    io::{self, ErrorKind, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    config::Stream,
    diagnostics::{stdio, stdio::ATOMIC},
    export::line_writer::{CloseReason, Sink, WriteError},
};

/// A writer that a program gave us.
pub(crate) type Writer = Box<dyn Write + Send>;

/// One of the standard streams.
pub(crate) struct Standard {
    pub(crate) stream: Stream,
    /// A terminal can be stopped at any time, and does not tell how much it takes.
    pub(crate) is_terminal: bool,
    /// It stands in the midst of a line that could not be ended.
    pub(crate) mid_line: bool,
}

impl Standard {
    fn write(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let mut bytes = 0;
        while bytes < lines.len() {
            match stdio::write(self.stream, &lines[bytes..]) {
                Ok(0) => return Err(WriteError { bytes, error: ErrorKind::WriteZero.into() }),
                Ok(more) => bytes += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => stdio::wait(self.stream),
                Err(error) => return Err(WriteError { bytes, error }),
            }
        }
        Ok(())
    }
}

impl Sink for Standard {
    fn try_write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.is_terminal || self.mid_line || lines.len() > ATOMIC || !stdio::is_ready(self.stream) {
            return Ok(0);
        }
        match stdio::write(self.stream, lines) {
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(0),
            result => result,
        }
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        if self.mid_line {
            self.write(b"\n").map_err(|WriteError { error, .. }| WriteError { bytes: 0, error })?;
            self.mid_line = false;
        }
        // Others may write to the same pipe, and must not come into the midst of a line.
        let mut done = 0;
        while done < lines.len() {
            let rest = &lines[done..];
            let piece = &rest[..whole_lines(rest, ATOMIC)];
            self.write(piece).map_err(|WriteError { bytes, error }| {
                let bytes = done + bytes;
                self.mid_line = lines[..bytes].last().is_some_and(|byte| *byte != b'\n');
                WriteError { bytes, error }
            })?;
            done += piece.len();
        }
        Ok(())
    }

    fn is_interactive(&self) -> bool {
        self.is_terminal
    }

    fn end(&self, error: &io::Error) -> Option<CloseReason> {
        reader_left(error)
    }
}

/// How many bytes the first lines have that fit into `most`; a line that does not is taken alone.
fn whole_lines(lines: &[u8], most: usize) -> usize {
    let window = &lines[..lines.len().min(most)];
    let end = memchr::memrchr(b'\n', window).or_else(|| memchr::memchr(b'\n', lines));
    end.map_or(lines.len(), |end| end + 1)
}

/// A program must be able to live with `head`.
fn reader_left(error: &io::Error) -> Option<CloseReason> {
    (error.kind() == ErrorKind::BrokenPipe).then_some(CloseReason::ReaderLeft)
}

/// A writer of the program, called by the thread that logs.
pub(crate) struct Custom {
    pub(crate) writer: Writer,
    pub(crate) panicked: bool,
}

impl Sink for Custom {
    fn try_write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.write_all(lines).map_err(|failure| failure.error)?;
        Ok(lines.len())
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let writer = &mut self.writer;
        let written =
            catch_unwind(AssertUnwindSafe(|| writer.write_all(lines).and_then(|()| writer.flush())));
        let written = written.unwrap_or_else(|_| {
            self.panicked = true;
            Err(io::Error::other("the writer panicked"))
        });
        written.map_err(|error| WriteError { bytes: 0, error })
    }

    fn end(&self, error: &io::Error) -> Option<CloseReason> {
        if self.panicked { Some(CloseReason::Panicked) } else { reader_left(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_with_lines() {
        assert_eq!(whole_lines(b"one\ntwo\nthree\n", 9), 8);
        assert_eq!(whole_lines(b"one\ntwo\n", 100), 8);
        assert_eq!(whole_lines(b"a long line\nb\n", 4), 12);
        assert_eq!(whole_lines(b"no end", 4), 6);
    }
}
