//! The part of the tools that a reload changes.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::{reload_log::ReloadLog, watch_state::WatchState};
use crate::{
    diagnostics::DiagnosticLog,
    error::ShutdownError,
    load::{Loaded, Sources},
    pipeline::{Pipeline, shutdown},
};

/// The pipeline and its configuration. The thread that watches files shares it.
pub(super) struct LiveTools {
    pub(super) pipeline: Pipeline,
    /// The configuration in force.
    loaded: ArcSwap<Loaded>,
    /// Held during a reload, so that one follows the other.
    reloading: Mutex<Reloading>,
    /// Never locked during a reload, which may take long.
    reload_log: Mutex<ReloadLog>,
    /// True if telemetry was disabled at the start. It then stays so.
    is_off: bool,
    is_shut_down: AtomicBool,
    pub(super) watch: Arc<WatchState>,
    /// The result of the shutdown, once it is done.
    shutdown_result: Mutex<Option<Result<(), ShutdownError>>>,
}

/// The inputs and the outcomes of reloads.
pub(super) struct Reloading {
    /// The sources, to read them again; `None` if the tools have none.
    pub(super) sources: Option<Sources>,
    pub(super) strict: bool,
    /// A hash of the certificates and keys in force.
    pub(super) tls_files: u64,
}

impl LiveTools {
    pub(super) fn new(pipeline: Pipeline, loaded: Loaded, reloading: Reloading) -> Self {
        let is_off = loaded.config().disabled;
        Self {
            pipeline,
            loaded: ArcSwap::from_pointee(loaded),
            reloading: Mutex::new(reloading),
            reload_log: Mutex::default(),
            is_off,
            is_shut_down: AtomicBool::new(false),
            watch: Arc::default(),
            shutdown_result: Mutex::new(None),
        }
    }

    pub(super) fn loaded(&self) -> Arc<Loaded> {
        self.loaded.load_full()
    }

    /// Returns the path of the file, for messages.
    pub(super) fn file_name(&self) -> String {
        let loaded = self.loaded();
        loaded.file.as_ref().map_or_else(|| "the configuration".to_owned(), |file| file.display().to_string())
    }

    pub(super) fn set_loaded(&self, loaded: Arc<Loaded>) {
        self.loaded.store(loaded);
    }

    pub(super) fn reloading(&self) -> MutexGuard<'_, Reloading> {
        self.reloading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reload_log(&self) -> MutexGuard<'_, ReloadLog> {
        self.reload_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_off(&self) -> bool {
        self.is_off
    }

    /// Returns whether the shutdown has begun.
    pub(super) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::Acquire)
    }

    pub(super) fn diagnostics(&self) -> DiagnosticLog {
        self.pipeline.diagnostics()
    }

    fn shutdown_timeout(&self) -> Duration {
        self.loaded.load().config().shutdown_timeout.get()
    }

    pub(super) fn force_flush(&self) -> Result<(), ShutdownError> {
        if let Some(result) = &*self.shutdown_result.lock().unwrap_or_else(PoisonError::into_inner) {
            return result.clone();
        }
        shutdown::flush(&self.pipeline, self.shutdown_timeout())
    }

    /// Exports what is queued and ends all telemetry. `begin` is called first, once.
    pub(super) fn shutdown(&self, begin: impl FnOnce()) -> Result<(), ShutdownError> {
        // Held until the end, so that a concurrent caller does not return early and end the
        // process.
        let mut shutdown_result = self.shutdown_result.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = &*shutdown_result {
            return result.clone();
        }
        begin();
        self.is_shut_down.store(true, Ordering::Release);
        self.pipeline.begin_closing();
        self.watch.stop();
        let timeout = self.shutdown_timeout();
        if let Some(runtime) = self.pipeline.runtime() {
            runtime.begin_closing();
        }
        let deadline = Instant::now() + timeout;
        let result = shutdown::shutdown(&self.pipeline, timeout);
        if let Some(runtime) = self.pipeline.runtime() {
            runtime.stop(deadline.saturating_duration_since(Instant::now()));
        }
        if let Some(loss_summary) = shutdown::loss_summary(&self.pipeline) {
            self.diagnostics().error(loss_summary);
        }
        *shutdown_result = Some(result.clone());
        result
    }
}
