//! Where lines end up.

use std::{io, time::Duration};

/// Where lines end up.
pub(crate) trait Sink: Send {
    /// Writes some of `lines` without waiting, and returns how many bytes that were.
    fn try_write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Writes all of `lines`, for as long as it takes.
    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError>;

    /// How often [`tick`](Self::tick) is to be called while nothing is written.
    fn tick_interval(&self) -> Option<Duration> {
        None
    }

    fn tick(&mut self) {}

    /// Whether who logs shall see his line before he goes on, unless that takes long.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Whether the error means that nothing will ever arrive any more, and why.
    fn end(&self, _: &io::Error) -> Option<CloseReason> {
        None
    }
}

/// Why nothing will ever arrive any more.
#[derive(Clone, Copy)]
pub(crate) enum CloseReason {
    /// Whoever read has gone, which is his business.
    ReaderLeft,
    Panicked,
}

/// What arrived nevertheless when something went wrong.
pub(crate) struct WriteError {
    pub(crate) bytes: usize,
    pub(crate) error: io::Error,
}
