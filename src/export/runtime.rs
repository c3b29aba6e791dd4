//! The background runtime that carries all network traffic.
//!
//! It belongs to the library: it works whether or not the program uses tokio, and telemetry is
//! suppressed on its threads, so that the network crates never export their own spans and events.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};

use crate::{context, error::Error};

/// Owns the runtime. Dropping it aborts all exports and waits at most [`CLOSE_LIMIT`] for servers
/// to close their ports. Prefer [`stop`](Self::stop).
#[derive(Debug)]
pub(crate) struct ExportRuntime {
    runtime: Mutex<Option<Runtime>>,
    handle: RuntimeHandle,
    /// One for each server; it disconnects when the port is closed.
    servers: Mutex<Vec<mpsc::Receiver<()>>>,
}

/// Starts tasks. A task that is started after the runtime has stopped ends as cancelled.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeHandle {
    handle: tokio::runtime::Handle,
    shutdown_signal: Arc<watch::Sender<bool>>,
}

/// The minimum time that a server has to close its port.
const CLOSE_LIMIT: Duration = Duration::from_millis(20);

/// Held by each task that owns a listening socket, until it has closed it.
#[cfg(feature = "prometheus")]
#[derive(Debug, Clone)]
pub(crate) struct OpenPort {
    _open: mpsc::Sender<()>,
}

impl ExportRuntime {
    pub(crate) fn start() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            // The blocking threads look up names. A lookup that hangs keeps its thread after it has
            // timed out.
            .max_blocking_threads(32)
            .thread_name("autotelemetry")
            .enable_io()
            .enable_time()
            // A subscriber of these threads would end a fast path of `tracing` for all threads.
            .on_thread_start(context::enter_export_thread)
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

    /// Runs a server until the shutdown begins, and drops it then.
    #[cfg(feature = "prometheus")]
    pub(crate) fn serve<F>(&self, server: impl FnOnce(OpenPort) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (open, closed) = mpsc::channel();
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(closed);
        let open_port = OpenPort { _open: open };
        let server = server(open_port.clone());
        let mut shutdown_signal = self.handle.shutdown_signal();
        self.handle.spawn(async move {
            // Dropped after the server, which may not have started its tasks.
            let _open_port = open_port;
            tokio::select! {
                () = server => {}
                () = shutdown_signal.wait() => {}
            }
        });
    }

    /// Ends all retries from now on.
    pub(crate) fn begin_closing(&self) {
        self.handle.shutdown_signal.send_replace(true);
    }

    /// Aborts all exports. Returns when the ports are closed or `limit` has passed.
    pub(crate) fn stop(&self, limit: Duration) {
        self.begin_closing();
        if let Some(runtime) = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let deadline = Instant::now() + limit.max(CLOSE_LIMIT);
            for server in self.servers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                // Nothing is ever sent: this returns when the last socket is closed.
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

/// Shows whether the shutdown has begun.
#[derive(Debug)]
pub(crate) struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the shutdown has begun.
    pub(crate) async fn wait(&mut self) {
        let _ = self.0.wait_for(|has_begun| *has_begun).await;
    }
}
