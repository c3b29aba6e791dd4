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
pub(crate) struct Background {
    runtime: Mutex<Option<Runtime>>,
    spawner: Spawner,
    /// One for each server; it disconnects when the port is closed.
    servers: Mutex<Vec<mpsc::Receiver<()>>>,
}

/// Lets exporters start work. Work that is started after the runtime has gone ends as cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Spawner {
    handle: tokio::runtime::Handle,
    closing: Arc<watch::Sender<bool>>,
}

/// How long a server may take to close its port when there is no time.
const CLOSE_LIMIT: Duration = Duration::from_millis(20);

impl Background {
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
        let spawner =
            Spawner { handle: runtime.handle().clone(), closing: Arc::new(watch::Sender::new(false)) };
        Ok(Self { runtime: Mutex::new(Some(runtime)), spawner, servers: Mutex::default() })
    }

    pub(crate) fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// Runs a server until shutting down begins, and drops it then.
    #[cfg(feature = "prometheus")]
    pub(crate) fn serve(&self, server: impl Future<Output = ()> + Send + 'static) {
        let (alive, gone) = mpsc::channel();
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(gone);
        let mut closing = self.spawner.closing();
        self.spawner.spawn(async move {
            // Dropped behind the server, whose port is free then.
            let _alive: mpsc::Sender<()> = alive;
            tokio::select! {
                () = server => {}
                () = closing.begun() => {}
            }
        });
    }

    /// From now on nothing is tried a second time.
    pub(crate) fn begin_closing(&self) {
        self.spawner.closing.send_replace(true);
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

impl Drop for Background {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

impl Spawner {
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(future)
    }

    pub(crate) fn closing(&self) -> Closing {
        Closing(self.closing.subscribe())
    }
}

/// Knows whether shutting down has begun.
#[derive(Debug)]
pub(crate) struct Closing(watch::Receiver<bool>);

impl Closing {
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when it has.
    pub(crate) async fn begun(&mut self) {
        let _ = self.0.wait_for(|closing| *closing).await;
    }
}
