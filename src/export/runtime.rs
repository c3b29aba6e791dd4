//! The background runtime that carries all network traffic.
//!
//! It belongs to the library: it works whether or not the program uses tokio, and telemetry is
//! suppressed on its threads, so that the network crates never export their own spans and events.

use std::{
    future::Future,
    io,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{context, error::Error};

/// Owns the thread of the runtime. Dropping it aborts all exports and waits at most [`CLOSE_LIMIT`]
/// for servers to close their ports. Prefer [`stop`](Self::stop).
#[derive(Debug)]
pub(crate) struct ExportRuntime {
    handle: RuntimeHandle,
    /// Dropping it ends the thread.
    running: Mutex<Option<oneshot::Sender<()>>>,
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

/// A server that runs. Dropping it closes its ports soon. Prefer [`close`](Self::close).
#[cfg(feature = "prometheus")]
#[derive(Debug)]
pub(crate) struct RunningServer {
    running: oneshot::Sender<()>,
    /// Disconnects when the ports are closed.
    closed: mpsc::Receiver<()>,
}

/// Held by each task that owns a listening socket, until it has closed it.
#[cfg(feature = "prometheus")]
#[derive(Debug, Clone)]
pub(crate) struct OpenPort {
    /// For the runtime, and for the handle of the server.
    _open: [mpsc::Sender<()>; 2],
}

#[cfg(feature = "prometheus")]
impl RunningServer {
    /// Closes the ports. Returns when this is done, or after a second.
    pub(crate) fn close(self) {
        let Self { running, closed } = self;
        drop(running);
        // Nothing is ever sent.
        let _ = closed.recv_timeout(Duration::from_secs(1));
    }
}

impl ExportRuntime {
    /// Starts the thread. The multi-threaded runtime of tokio is not used, since it panics where
    /// the operating system refuses a thread.
    pub(crate) fn start() -> Result<Self, Error> {
        let refused = |error| Error::system("cannot start the background thread", error);
        check_descriptors().map_err(refused)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(refused)?;
        let handle = RuntimeHandle {
            handle: runtime.handle().clone(),
            shutdown_signal: Arc::new(watch::Sender::new(false)),
        };
        let (running, stopped) = oneshot::channel();
        start_thread("autotelemetry", move || {
            // An error means that the sender was dropped.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })
        .map_err(refused)?;
        Ok(Self { handle, running: Mutex::new(Some(running)), servers: Mutex::default() })
    }

    pub(crate) fn handle(&self) -> RuntimeHandle {
        self.handle.clone()
    }

    /// Runs a server until the shutdown begins or the result is dropped, and drops it then.
    #[cfg(feature = "prometheus")]
    pub(crate) fn serve<F>(&self, server: impl FnOnce(OpenPort) -> F) -> RunningServer
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let ((open, closed), (open_too, closed_too)) = (mpsc::channel(), mpsc::channel());
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that a reload has replaced are closed by now.
        servers.retain(|server| server.try_recv() != Err(mpsc::TryRecvError::Disconnected));
        servers.push(closed);
        drop(servers);
        let open_port = OpenPort { _open: [open, open_too] };
        let server = server(open_port.clone());
        let mut shutdown_signal = self.handle.shutdown_signal();
        let (running, stopped) = oneshot::channel();
        self.handle.spawn(async move {
            // Dropped after the server, which may not have started its tasks.
            let _open_port = open_port;
            tokio::select! {
                () = server => {}
                () = shutdown_signal.wait() => {}
                // An error means that the sender was dropped.
                _ = stopped => {}
            }
        });
        RunningServer { running, closed: closed_too }
    }

    /// Ends all retries from now on.
    pub(crate) fn begin_closing(&self) {
        self.handle.shutdown_signal.send_replace(true);
    }

    /// Aborts all exports. Returns when the ports are closed or `limit` has passed.
    pub(crate) fn stop(&self, limit: Duration) {
        self.begin_closing();
        if let Some(running) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let deadline = Instant::now() + limit.max(CLOSE_LIMIT);
            for server in self.servers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                // Nothing is ever sent: this returns when the last socket is closed.
                let _ = server.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            }
            drop(running);
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

    /// Runs `work` on this thread. Timers and tasks that it starts run on the runtime.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        work()
    }

    pub(crate) fn shutdown_signal(&self) -> ShutdownSignal {
        ShutdownSignal(self.shutdown_signal.subscribe())
    }
}

/// Checks that a runtime finds enough file descriptors.
///
/// With its feature `signal`, which a program may enable, tokio panics without two sockets that it
/// opens after its driver.
fn check_descriptors() -> io::Result<()> {
    #[cfg(unix)]
    {
        let (socket, _pair) = std::os::unix::net::UnixStream::pair()?;
        for copy in [(); 6].map(|()| socket.try_clone()) {
            copy?;
        }
    }
    Ok(())
}

/// Runs `work`, which may block, on a thread of its own. Callers limit how many run at a time.
///
/// If the operating system refuses a thread, `work` runs on the thread of the caller. In that case
/// `spawn_blocking` of tokio would panic.
///
/// # Errors
///
/// Returns an error if `work` panics on its thread.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, result) = oneshot::channel();
    run_on_thread("autotelemetry-blocking", move || {
        let _ = sender.send(work());
    });
    result.await.map_err(|_| io::Error::other("a background thread panicked"))
}

/// Runs `work` on a thread of its own, or on this one if the operating system refuses a thread.
pub(crate) fn run_on_thread(name: &str, work: impl FnOnce() + Send + 'static) {
    // Outlives a thread that cannot be started.
    let job = Arc::new(Mutex::new(Some(work)));
    let on_thread = Arc::clone(&job);
    if start_thread(name, move || take_and_run(&on_thread)).is_err() {
        take_and_run(&job);
    }
}

fn take_and_run(job: &Mutex<Option<impl FnOnce()>>) {
    let work = job.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(work) = work {
        work();
    }
}

/// Starts a thread that runs `work` with telemetry suppressed.
pub(crate) fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let run = move || {
        context::enter_export_thread();
        work();
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
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
