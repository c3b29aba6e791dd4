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
