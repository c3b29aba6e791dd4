//! Flush and shutdown of an exporter of the program.

use std::{
    fmt,
    sync::{Arc, mpsc},
    time::Duration,
};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use super::{exporter::CustomExporter, exporter_thread::CallError};
use crate::config::Signal;

/// Flushes and shuts down an exporter of the program.
pub(crate) trait ExporterControl: fmt::Debug + Send + Sync {
    fn signal(&self) -> Signal;

    /// Changes the longest time of one export.
    fn set_limit(&self, limit: Duration);

    /// Begins to flush what the exporter itself holds. The result arrives within `limit`.
    fn flush(&self, limit: Duration) -> mpsc::Receiver<OTelSdkResult>;

    /// Begins to shut the exporter down, after the last export. The result arrives within `limit`.
    fn shutdown(&self, limit: Duration) -> mpsc::Receiver<OTelSdkResult>;
}

/// An exporter with the methods that its interface has.
pub(crate) struct Control<E> {
    pub(crate) exporter: CustomExporter<E>,
    pub(crate) flush: fn(&E) -> OTelSdkResult,
    pub(crate) shutdown: fn(&E, Duration) -> OTelSdkResult,
}

impl<E> fmt::Debug for Control<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.exporter).finish()
    }
}

impl<E: Send + 'static> Control<E> {
    /// Begins a call whose result arrives in the channel.
    fn begin(
        &self,
        limit: Duration,
        call: impl FnOnce(&E) -> OTelSdkResult + Send + 'static,
    ) -> mpsc::Receiver<OTelSdkResult> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let thread = Arc::clone(&self.exporter.thread);
        drop(self.exporter.runtime.spawn(async move {
            let result = thread.call(limit, call).await.unwrap_or_else(|error| match error {
                CallError::TimedOut(limit) => Err(OTelSdkError::Timeout(limit)),
                CallError::Panicked => Err(OTelSdkError::InternalFailure(error.to_string())),
            });
            let _ = sender.send(result);
        }));
        receiver
    }
}

impl<E: Send + Sync + 'static> ExporterControl for Control<E> {
    fn signal(&self) -> Signal {
        self.exporter.recorder.signal()
    }

    fn set_limit(&self, limit: Duration) {
        self.exporter.set_limit(limit);
    }

    fn flush(&self, limit: Duration) -> mpsc::Receiver<OTelSdkResult> {
        self.begin(limit, self.flush)
    }

    fn shutdown(&self, limit: Duration) -> mpsc::Receiver<OTelSdkResult> {
        let shutdown = self.shutdown;
        self.begin(limit, move |exporter| match shutdown(exporter, limit) {
            Err(OTelSdkError::AlreadyShutdown) => Ok(()),
            result => result,
        })
    }
}
