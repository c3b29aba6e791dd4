//! The destination of lines.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

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

    /// Returns the reason if no later write can succeed after `error`.
    fn close_reason(&self, _: &io::Error) -> Option<CloseReason> {
        None
    }
}

/// The reason why a sink accepts no more lines.
#[derive(Clone, Copy)]
pub(crate) enum CloseReason {
    /// The reader has closed its end, which is not an error: programs are piped into `head`.
    ReaderLeft,
    Panicked,
}

impl CloseReason {
    /// Returns [`ReaderLeft`](Self::ReaderLeft) for the error of a pipe without a reader.
    pub(crate) fn from_write_error(error: &io::Error) -> Option<Self> {
        (error.kind() == ErrorKind::BrokenPipe).then_some(Self::ReaderLeft)
    }
}

/// A failed write.
pub(crate) struct WriteError {
    /// The number of bytes written before the error.
    pub(crate) written: usize,
    pub(crate) error: io::Error,
}
