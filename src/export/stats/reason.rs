//! Reasons for dropping items.

use std::fmt;

/// The reason for dropping items without an export attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    QueueFull,
    ShutDown,
    /// A reload has removed the exporter.
    Removed,
    /// The reader of the stream has closed it.
    Unread,
    WriterPanicked,
    /// The writer of the console has created the item while it wrote another one.
    Reentrant,
}

impl Reason {
    pub(crate) const ALL: [Self; 6] =
        [Self::QueueFull, Self::ShutDown, Self::Removed, Self::Unread, Self::WriterPanicked, Self::Reentrant];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "the queue was full",
            Self::ShutDown => "telemetry had been shut down",
            Self::Removed => "a reload has removed the exporter",
            Self::Unread => "the reader closed the output",
            Self::WriterPanicked => "the writer panicked",
            Self::Reentrant => "the writer of the console logged while it wrote",
        })
    }
}
