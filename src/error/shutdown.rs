//! The error of a flush or a shutdown.

use std::{fmt, time::Duration};

use crate::config::{Signal, format_duration};

/// Error returned by [`ObservabilityTools::force_flush`] and [`ObservabilityTools::shutdown`] if
/// telemetry was not delivered in full.
///
/// [`ObservabilityTools::force_flush`]: crate::ObservabilityTools::force_flush
/// [`ObservabilityTools::shutdown`]: crate::ObservabilityTools::shutdown
#[derive(Clone, PartialEq, Eq)]
pub struct ShutdownError {
    pub(crate) failures: Vec<SignalFailure>,
}

impl ShutdownError {
    /// Returns one entry for each signal that failed.
    #[must_use]
    pub fn failures(&self) -> &[SignalFailure] {
        &self.failures
    }
}

/// The failure of one signal, with its counts since the previous flush.
///
/// The counts are the sum over all exporters of the signal, in spans, log records or metric data
/// points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalFailure {
    pub(crate) signal: Signal,
    pub(crate) cause: FailureCause,
    pub(crate) exported: u64,
    pub(crate) failed: u64,
    pub(crate) dropped: u64,
    pub(crate) queued: u64,
}

impl SignalFailure {
    /// Returns the signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Returns the cause of the failure.
    #[must_use]
    pub fn cause(&self) -> &FailureCause {
        &self.cause
    }

    /// Returns the number of delivered items.
    #[must_use]
    pub fn exported(&self) -> u64 {
        self.exported
    }

    /// Returns the number of items whose export failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Returns the number of items that were discarded without an export attempt.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the number of items that are still queued; 0 after a shutdown.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued
    }
}

/// The cause of a [`SignalFailure`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureCause {
    /// The signal was not finished within this time (`shutdown_timeout`). After a shutdown, the
    /// items that were still queued are lost.
    Timeout(Duration),
    /// Exporters lost items.
    #[non_exhaustive]
    Lost {
        /// The number of spans, log records or metric data points.
        items: u64,
        /// The last error of each exporter that lost items.
        error: String,
    },
    /// The OpenTelemetry SDK reported an error.
    Sdk(String),
}

impl fmt::Display for SignalFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, cause, exported, failed, dropped, queued } = self;
        let (lost, all) = (failed + dropped, exported + failed + dropped + queued);
        write!(f, "{signal}: ")?;
        match cause {
            FailureCause::Timeout(limit) => write!(f, "timed out after {}", format_duration(*limit))?,
            FailureCause::Lost { items, error } => return write!(f, "{items} of {all} lost ({error})"),
            FailureCause::Sdk(error) => f.write_str(error)?,
        }
        for (items, state) in [(lost, "lost"), (*queued, "still queued")] {
            if items > 0 {
                write!(f, ", {items} of {all} {state}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("telemetry was not delivered in full: ")?;
        for (index, failure) in self.failures.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{failure}")?;
        }
        Ok(())
    }
}

/// Same as [`fmt::Display`], for the same reason as [`Error`](crate::Error).
impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ShutdownError {}
