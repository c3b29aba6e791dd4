//! The thread of an exporter of the program.

use std::{
    fmt, io,
    sync::{Arc, mpsc},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, oneshot},
    time::Instant,
};

use crate::{
    export::runtime::{RuntimeHandle, start_thread},
    shield::Shielded,
};

/// A call of the exporter.
type Job<E> = Box<dyn FnOnce(&E) + Send>;

/// Calls an exporter on a thread of its own, one call at a time.
pub(super) struct ExporterThread<E> {
    jobs: mpsc::Sender<Job<E>>,
    /// Available while no call is running, even one whose time is over.
    free: Arc<Semaphore>,
}

/// The reason why a call has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallError {
    /// The call, or one before it, has not returned in time.
    TimedOut(Duration),
    Panicked,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(limit) => write!(f, "the exporter has not returned within {limit:?}"),
            Self::Panicked => f.write_str("the exporter panicked"),
        }
    }
}

impl<E> fmt::Debug for ExporterThread<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterThread").finish_non_exhaustive()
    }
}

impl<E: Send + 'static> ExporterThread<E> {
    /// Starts the thread. It ends, and drops the exporter, when this handle is dropped.
    ///
    /// Timers and tasks that the exporter starts run on `runtime`.
    pub(super) fn start(name: &str, exporter: E, runtime: &RuntimeHandle) -> io::Result<Self> {
        let (jobs, received) = mpsc::channel::<Job<E>>();
        let exporter = Shielded::new(exporter);
        let runtime = runtime.clone();
        start_thread(&format!("autotelemetry-{name}"), move || {
            runtime.enter(|| {
                for job in received {
                    let _ = exporter.with(job);
                }
                drop(exporter);
            });
        })?;
        Ok(Self { jobs, free: Arc::new(Semaphore::new(1)) })
    }

    /// Calls the exporter, and waits for the result until `limit` has passed.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        limit: Duration,
        call: impl FnOnce(&E) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        let deadline = Instant::now() + limit;
        let timed_out = CallError::TimedOut(limit);
        let free = Arc::clone(&self.free).acquire_owned();
        let running = tokio::time::timeout_at(deadline, free).await.map_err(|_| timed_out)?;
        let (sender, result) = oneshot::channel();
        let job = move |exporter: &E| {
            // Released when the call ends, even by a panic.
            let _running = running;
            let _ = sender.send(call(exporter));
        };
        self.jobs.send(Box::new(job)).map_err(|_| CallError::Panicked)?;
        match tokio::time::timeout_at(deadline, result).await {
            Ok(result) => result.map_err(|_| CallError::Panicked),
            Err(_) => Err(timed_out),
        }
    }
}
