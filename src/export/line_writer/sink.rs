//! The destination of lines.

use std::{io, time::Duration};

/// The destination of lines.
pub(crate) trait LineSink: Send {
    /// Writes some of `lines` without blocking and returns the number of bytes written.
    fn try_write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Writes all of `lines` and blocks as long as necessary.
    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError>;

    /// Returns the interval at which [`tick`](Self::tick) is called while nothing is written.
    fn tick_interval(&self) -> Option<Duration> {
        None
    }

    /// Performs periodic maintenance.
    fn tick(&mut self) {}

    /// Returns whether `push` waits (briefly) until the line is visible; true for terminals.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Returns whether `write_all` may be called by a thread that must not block for long.
    fn is_writable(&self) -> bool {
        true
    }

    /// Returns the reason if no write can succeed after `error`.
    fn close_reason(&self, _: &io::Error) -> Option<CloseReason> {
        None
    }

    /// Returns whether a sink that was closed for [`CloseReason::ReaderLeft`] has a reader again.
    fn has_reader(&self) -> bool {
        false
    }
}

/// Stands for a sink that was closed. Accepts nothing.
pub(super) struct ClosedSink;

impl LineSink for ClosedSink {
    fn try_write(&mut self, _: &[u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write_all(&mut self, _: &[u8]) -> Result<(), WriteError> {
        Err(WriteError { written: 0, error: io::Error::other("the output was closed") })
    }
}

/// The reason why a sink accepts no more lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The reader has closed its end, which is not an error: programs are piped into `head`.
    /// Another one may open a named pipe later.
    ReaderLeft,
    Panicked,
}

/// A failed write.
pub(crate) struct WriteError {
    /// The number of bytes written before the error.
    pub(crate) written: usize,
    pub(crate) error: io::Error,
}

/// Returns the length of the first whole lines that fit into `max`, or of the first line if it does
/// not fit.
pub(crate) fn whole_lines_len(lines: &[u8], max: usize) -> usize {
    let window = &lines[..lines.len().min(max)];
    let end = memchr::memrchr(b'\n', window).or_else(|| memchr::memchr(b'\n', lines));
    end.map_or(lines.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_of_lines_ends_with_a_line() {
        assert_eq!(whole_lines_len(b"one\ntwo\nthree\n", 9), 8);
        assert_eq!(whole_lines_len(b"one\ntwo\n", 100), 8);
        assert_eq!(whole_lines_len(b"a long line\nb\n", 4), 12);
        assert_eq!(whole_lines_len(b"no end", 4), 6);
    }
}
