//! Reasons for dropping items.

use std::fmt;

/// The reason for dropping items without an export attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    QueueFull,
    ShutDown,
    /// The reader of the stream has closed it.
    Unread,
    Broken(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "the queue was full",
            Self::ShutDown => "telemetry had been shut down",
            Self::Unread => "the reader closed the output",
            Self::Broken(what) => what,
        })
    }
}
