//! The one background runtime that carries all network traffic.
//!
//! It is ours alone: it works whether or not the program uses tokio, and telemetry is suppressed on its threads, so
//! that what the network crates say while they export is never exported itself.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use opentelemetry::Context;
use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};

use crate::error::Error;

/// Owns the runtime. Dropping it stops all traffic at once; it waits for no more than the ports of
/// the servers, which are closed when shutting down begins, and for that not longer than [`CLOSE_LIMIT`]. Who has
/// more time calls [`Self::stop`].
#[derive(Debug)]
pub(crate) struct ExportRuntime {
    runtime: Mutex<Option<Runtime>>,
    handle: RuntimeHandle,
    /// One for each server; it disconnects when the port is closed.
    servers: Mutex<Vec<mpsc::Receiver<()>>>,
}

/// Lets exporters start work. Work that is started after the runtime has gone ends as cancelled.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeHandle {
    handle: tokio::runtime::Handle,
    shutdown_signal: Arc<watch::Sender<bool>>,
}

/// How long a server may take to close its port when there is no time.
const CLOSE_LIMIT: Duration = Duration::from_millis(20);

impl ExportRuntime {
    pub(crate) fn start() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            // Names are looked up there, and a lookup that hangs keeps its thread after we have given it up.
            .max_blocking_threads(32)
            .thread_name("autotelemetry")
            .enable_io()
            .enable_time()
            .on_thread_start(|| {
                // For as long as the thread lives. The dispatcher is needed beside the suppression: a span without a
                // parent, as h2 makes, would lift the latter through tracing-opentelemetry.
                std::mem::forget(Context::enter_telemetry_suppressed_scope());
                std::mem::forget(tracing::dispatcher::set_default(&tracing::Dispatch::none()));
            })
            .build()
            .map_err(|error| Error::system("cannot start the background thread", error))?;
        let handle = RuntimeHandle {
            handle: runtime.handle().clone(),
            shutdown_signal: Arc::new(watch::Sender::new(false)),
        };
        Ok(Self { runtime: Mutex::new(Some(runtime)), handle, servers: Mutex::default() })
    }

    pub(crate) fn handle(&self) -> RuntimeHandle {
        self.handle.clone()
    }

    /// Runs a server until shutting down begins, and drops it then.
    #[cfg(feature = "prometheus")]
    pub(crate) fn serve(&self, server: impl Future<Output = ()> + Send + 'static) {
        let (alive, gone) = mpsc::channel();
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(gone);
        let mut shutdown_signal = self.handle.shutdown_signal();
        self.handle.spawn(async move {
            // Dropped behind the server, whose port is free then.
            let _alive: mpsc::Sender<()> = alive;
            tokio::select! {
                () = server => {}
                () = shutdown_signal.wait() => {}
            }
        });
    }

    /// From now on nothing is tried a second time.
    pub(crate) fn begin_closing(&self) {
        self.handle.shutdown_signal.send_replace(true);
    }

    /// Stops all traffic. Returns when the ports are free again, or `limit` is over.
    pub(crate) fn stop(&self, limit: Duration) {
        self.begin_closing();
        if let Some(runtime) = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let deadline = Instant::now() + limit.max(CLOSE_LIMIT);
            for server in self.servers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                // Nobody sends: this ends when the server is gone.
                let _ = server.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            }
            // A plain drop would wait, and panics inside asynchronous code.
            runtime.shutdown_background();
        }
    }
}

impl Drop for ExportRuntime {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

impl RuntimeHandle {
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(future)
    }

    pub(crate) fn shutdown_signal(&self) -> ShutdownSignal {
        ShutdownSignal(self.shutdown_signal.subscribe())
    }
}

/// Knows whether shutting down has begun.
#[derive(Debug)]
pub(crate) struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when it has.
    pub(crate) async fn wait(&mut self) {
        let _ = self.0.wait_for(|shutdown_signal| *shutdown_signal).await;
    }
}
