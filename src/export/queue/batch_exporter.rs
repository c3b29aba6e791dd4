//! The exporter behind a queue.

use std::{fmt, future::Future, pin::Pin};

use super::LossRecorder;

/// Delivers batches and counts their outcome, even if it panics.
pub(crate) trait Export<T>: Send + Sync + 'static {
    fn export(&self, batch: Vec<T>) -> impl Future<Output = ()> + Send;

    /// Returns `true` if exports succeed at once, so that more of them may run at the same time.
    fn is_healthy(&self) -> bool;
}

/// An exporter of any kind, and what counts the items that never reach it.
pub(crate) struct BatchExporter<T> {
    exporter: Box<dyn AnyExport<T>>,
    losses: Box<dyn LossRecorder>,
}

/// An [`Export`] whose future is on the heap.
trait AnyExport<T>: Send + Sync {
    fn export(&self, batch: Vec<T>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    fn is_healthy(&self) -> bool;
}

impl<T: 'static, E: Export<T>> AnyExport<T> for E {
    fn export(&self, batch: Vec<T>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Export::export(self, batch))
    }

    fn is_healthy(&self) -> bool {
        Export::is_healthy(self)
    }
}

impl<T> fmt::Debug for BatchExporter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchExporter").field("losses", &self.losses).finish_non_exhaustive()
    }
}

impl<T: 'static> BatchExporter<T> {
    pub(crate) fn new(exporter: impl Export<T>, losses: Box<dyn LossRecorder>) -> Self {
        Self { exporter: Box::new(exporter), losses }
    }

    pub(super) async fn export(&self, batch: Vec<T>) {
        self.exporter.export(batch).await;
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.exporter.is_healthy()
    }
}

impl<T> BatchExporter<T> {
    pub(super) fn losses(&self) -> &dyn LossRecorder {
        &*self.losses
    }
}
